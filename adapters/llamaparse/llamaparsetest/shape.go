package llamaparsetest

import (
	"maps"
	"slices"
)

// shape is the fields an object may have; a nil shape takes anything.
type shape map[string]shape

// requestShape is closed at every level the service closes: a misspelled option
// is refused and never ignored.
var requestShape = shape{
	"file_id": nil, "source_url": nil, "http_proxy": nil, "tier": nil, "version": nil,
	"client_name": nil, "user_metadata": nil, "configuration_id": nil, "disable_cache": nil,
	"webhook_configuration_ids": nil, "fast_options": {}, "agentic_options": {"custom_prompt": nil},
	"processing_options": {
		"ignore":         {"ignore_diagonal_text": nil, "ignore_text_in_image": nil, "ignore_hidden_text": nil},
		"ocr_parameters": {"languages": nil}, "cost_optimizer": {"enable": nil},
		"aggressive_table_extraction": nil, "confidence_score_effort": nil, "disable_heuristics": nil,
		"specialized_chart_parsing": nil, "auto_mode_configuration": nil, "forms": nil,
	},
	"input_options": {
		"html":         {"make_all_elements_visible": nil, "remove_fixed_elements": nil, "remove_navigation_elements": nil},
		"pdf":          {},
		"spreadsheet":  {"detect_sub_tables_in_sheets": nil, "force_formula_computation_in_sheets": nil, "include_hidden_sheets": nil},
		"presentation": {"out_of_bounds_content": nil, "skip_embedded_data": nil},
		"image":        {"camera_photo_correction": nil},
	},
	"crop_box":    {"top": nil, "right": nil, "bottom": nil, "left": nil},
	"page_ranges": {"max_pages": nil, "target_pages": nil},
	"webhook_configurations": {
		"webhook_url": nil, "webhook_headers": nil, "webhook_signing_secret": nil,
		"webhook_events": nil, "webhook_output_format": nil,
	},
	"processing_control": {
		"timeouts": {"base_in_seconds": nil, "extra_time_per_page_in_seconds": nil},
		"job_failure_conditions": {
			"allowed_page_failure_ratio": nil, "fail_on_image_extraction_error": nil, "fail_on_image_ocr_error": nil,
			"fail_on_markdown_reconstruction_error": nil, "fail_on_buggy_font": nil,
		},
	},
	"output_options": {
		"markdown": {
			"annotate_links": nil, "annotate_revisions": nil, "inline_images": nil,
			"tables": {
				"compact_markdown_tables": nil, "output_tables_as_markdown": nil,
				"markdown_table_multiline_separator": nil, "merge_continued_tables": nil,
			},
		},
		"spatial_text": {
			"preserve_layout_alignment_across_pages": nil, "preserve_very_small_text": nil, "do_not_unroll_columns": nil,
		},
		"tables_as_spreadsheet":       {"enable": nil, "guess_sheet_name": nil},
		"extract_printed_page_number": nil, "images_to_save": nil, "additional_outputs": nil,
		"granular_bboxes": nil, "save_output_pdf": nil,
	},
}

// unknown lists the fields that are not of the shape, with their places.
func (s shape) unknown(value any, loc []any) []invalid {
	var faults []invalid
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner, ok := s[name]
			at := append(slices.Clone(loc), name)
			switch {
			case !ok:
				faults = append(faults, invalid{Type: "extra_forbidden", Loc: at, Msg: "Extra inputs are not permitted", Input: v[name]})
			case inner != nil:
				faults = append(faults, inner.unknown(v[name], at)...)
			}
		}
	case []any:
		for i, item := range v {
			faults = append(faults, s.unknown(item, append(slices.Clone(loc), i))...)
		}
	}
	return faults
}
