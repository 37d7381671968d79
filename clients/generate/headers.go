package main

import "encoding/json"

// withoutHeaders is the document without the headers that requests may carry.
// All of them are optional, and each would add an argument to the Go method of
// its operation, so that a new one breaks every caller. Callers send them by
// navigatorapi.WithHeader instead.
func withoutHeaders(document []byte) ([]byte, error) {
	var tree map[string]any
	if err := json.Unmarshal(document, &tree); err != nil {
		return nil, err
	}
	paths, _ := tree["paths"].(map[string]any)
	for _, item := range paths {
		operations, _ := item.(map[string]any)
		for _, one := range operations {
			if operation, ok := one.(map[string]any); ok {
				dropHeaders(operation)
			}
		}
	}
	return json.Marshal(tree)
}

func dropHeaders(operation map[string]any) {
	parameters, _ := operation["parameters"].([]any)
	var kept []any
	for _, one := range parameters {
		parameter, _ := one.(map[string]any)
		if parameter["in"] != "header" || parameter["required"] == true {
			kept = append(kept, one)
		}
	}
	delete(operation, "parameters")
	if len(kept) > 0 {
		operation["parameters"] = kept
	}
}
