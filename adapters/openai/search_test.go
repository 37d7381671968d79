package openai_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
)

// passages are of the kind the chunker cuts, keyed by what they are about.
// "summary" names every subject in passing: it must not win over them.
var passages = map[string]string{
	"deductible":   "## Deductible\nYour annual deductible is $1,500 per individual and $3,000 per family. You must meet the deductible before the plan begins to pay for most covered services.",
	"premium":      "Your monthly premium is $412.50. Premium payments are due on the first day of each month. A grace period of 31 days applies to late payments.",
	"copay":        "Office visits: you pay a copay of $30 for your primary care physician and $60 for a specialist. Copayments do not vary with the length of the visit.",
	"emergency":    "Emergency room care is covered at any hospital, in or out of network. You pay $350 for each visit; the amount is waived if you are admitted.",
	"prescription": "| Tier | Prescription drugs | You pay |\n| 1 | Generic | $10 |\n| 2 | Preferred brand | $45 |\n| 3 | Specialty medication | 30 % |",
	"maximum":      "The out-of-pocket maximum limits what you spend in a calendar year: $8,700 for one person and $17,400 for a family. After that we pay 100 %.",
	"appeal":       "If we deny a claim you may file an appeal within 180 days of the notice. Send a written appeal with supporting records to the Appeals Department.",
	"exclusions":   "The following are excluded from this policy: cosmetic surgery, experimental treatment, weight loss programs, and services received outside the United States.",
	"dental":       "Dental benefits: two cleanings and one set of X-rays per year at no charge. Fillings are covered at 80 % and crowns at 50 % after six months.",
	"maternity":    "Maternity care includes prenatal visits, delivery and postnatal care for mother and newborn. Notify us within 30 days of birth to add the child.",
	"authorize":    "Prior authorization is required for MRI and CT scans, inpatient admission and home infusion. Your doctor requests the authorization from us.",
	"cancellation": "You may cancel this policy at any time by written notice. Unearned premium is refunded pro rata within 15 days of cancellation.",
	"glass":        "Windshield and glass damage to your car is repaired without charge. Replacement of the windshield costs $100.",
	"summary":      "Summary of your plan. This booklet explains the deductible, the premium, copays, emergency care, prescription drugs, the maximum, appeals, exclusions, dental care, maternity, authorization, cancellation and glass for the members of the group plan named on the declarations page, and where in this booklet each of them is described in full.",
}

var questions = map[string]string{
	"what is my deductible?":                            "deductible",
	"How much do I pay for the emergency room?":         "emergency",
	"What does a specialist visit cost?":                "copay",
	"When is my monthly premium due?":                   "premium",
	"how do I appeal a denied claim":                    "appeal",
	"Is cosmetic surgery excluded?":                     "exclusions",
	"Are dental cleanings covered?":                     "dental",
	"What do generic drugs cost?":                       "prescription",
	"Do I need prior authorization for an MRI scan?":    "authorize",
	"What is the out-of-pocket maximum for a family?":   "maximum",
	"How can I cancel my policy and get a refund?":      "cancellation",
	"does the plan cover prenatal visits and delivery?": "maternity",
	"My windshield is damaged, who repairs it?":         "glass",
}

func TestSearchFindsThePassageThatAnswers(t *testing.T) {
	t.Parallel()
	e, _ := serve(t, openaitest.Options{})
	var names, list []string
	for name, text := range passages {
		names, list = append(names, name), append(list, text)
	}
	vectors := embed(t, e, list...).Vectors
	for question, want := range questions {
		asked := embed(t, e, question).Vectors[0]
		best := 0
		for i := range vectors {
			if closeness(asked, vectors[i]) > closeness(asked, vectors[best]) {
				best = i
			}
		}
		if names[best] != want {
			t.Errorf("%q found %s (%.3f), want %s", question, names[best], closeness(asked, vectors[best]), want)
		}
	}
}
