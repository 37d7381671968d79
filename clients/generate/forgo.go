package main

import "encoding/json"

// forGo is the document without what makes a Go client large and brittle.
//
// The headers that requests may carry: all of them are optional, and each would
// add an argument to the method of its operation, so that a new one breaks every
// caller. Callers send them by navigatorapi.WithHeader instead.
//
// The answers that are problems: each would be a field, a type of its headers and
// a branch of its own for every status of every operation, two thirds of the
// file, and all are of one shape, which navigatorapi.ProblemOf reads.
func forGo(document []byte) ([]byte, error) {
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
				dropProblems(operation)
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

// dropProblems leaves an answer that may be something else than a problem.
func dropProblems(operation map[string]any) {
	responses, _ := operation["responses"].(map[string]any)
	for status, one := range responses {
		response, _ := one.(map[string]any)
		content, _ := response["content"].(map[string]any)
		if _, problem := content["application/problem+json"]; problem && len(content) == 1 {
			delete(responses, status)
		}
	}
}
