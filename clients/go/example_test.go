package navigatorapi_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	navigatorapi "github.com/insurance-navigator/navigator/clients/go"
)

// Signs in, uploads, waits, and asks.
func Example() {
	service := playedService() // yours is at http://localhost:8000, say
	defer service.Close()
	ctx := context.Background()

	anybody, err := navigatorapi.NewClientWithResponses(service.URL)
	must(err)
	session, err := anybody.LogInWithResponse(ctx, navigatorapi.LoginRequest{Email: "ada@example.org", Password: "a long phrase"})
	must(err)
	must(problem(session))

	ada, err := navigatorapi.NewClientWithResponses(service.URL, navigatorapi.WithToken(session.JSON200.AccessToken))
	must(err)
	contentType, body, err := navigatorapi.File("policy.pdf", strings.NewReader("%PDF-1.7 ..."), "")
	must(err)
	taken, err := ada.CreateDocumentWithBodyWithResponse(ctx, nil, contentType, body)
	must(err)
	must(problem(taken))

	document, err := navigatorapi.Wait(ctx, ada, taken.JSON202.DocumentID.String(), time.Second)
	must(err)
	fmt.Println(document.Filename, document.Status)

	found, err := ada.SearchWithResponse(ctx, navigatorapi.SearchRequest{Query: "what is my deductible?"})
	must(err)
	must(problem(found))
	fmt.Println(found.JSON200.Results[0].Text)

	again, err := ada.GetDocumentWithResponse(ctx, "no-such-document")
	must(err)
	if p := navigatorapi.ProblemOf(again); p != nil {
		fmt.Println(p.Status, p.Code)
	}
	// Output:
	// policy.pdf complete
	// The deductible is $500.
	// 404 not_found
}

// problem is an answer's problem as an error.
func problem(answer navigatorapi.Answer) error {
	if p := navigatorapi.ProblemOf(answer); p != nil {
		return p
	}
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
