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
	"webhook_configuration_ids": nil, "fast_options": nil, "agentic_options": nil,
	"processing_options": nil, "input_options": nil,
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
