package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

const policyPages = 40

// Policy is this year's policy of forty pages with numbered sections.
func Policy() Document { return policy(2025, 1) }

// PolicyLastYear is the same policy a year before: terms and amounts differ,
// nearly all words are the same.
func PolicyLastYear() Document { return policy(2024, 0) }

// policy writes the policy twice: the first time to learn on which pages its
// sections begin, which its table of contents says.
func policy(year, version int) Document {
	begin := map[string]int{}
	for _, heading := range contract(year, version, begin).Headings {
		if heading.Level == 1 {
			begin[heading.Text] = heading.Page
		}
	}
	return contract(year, version, begin)
}

func contract(year, version int, begin map[string]int) Document {
	form := fmt.Sprintf("NWM-POL-%d (01/%d)", year%100, year%100)
	p := newPaper(KindPolicy, fmt.Sprintf("policy-%d.pdf", year), fmt.Sprintf("Northwind Mutual PPO policy %d", year), form)
	p.named = fmt.Sprintf("policy %d", year)
	p.declarations(year, version)
	p.pdf.AddPage()
	p.contents(begin)
	p.pdf.AddPage()
	p.schedule(year, version)
	p.pdf.AddPage()
	p.definitions()
	words := rand.New(rand.NewPCG(7, 11))
	for i, c := range clauses {
		p.clause(i+1, c, c.terms[version], words)
	}
	p.heading(1, "General Provisions")
	for p.pdf.PageNo() < policyPages || p.fits(60) {
		p.text(prose(words, generalTopics[words.IntN(len(generalTopics))]))
	}
	return p.done()
}

var generalTopics = []string{"notices", "assignment of benefits", "legal actions", "conformity with state law", "clerical errors", "the entire contract"}

func (p *paper) declarations(year, version int) {
	premium := [2]string{"$512.40", "$547.85"}[version]
	p.heading(1, fmt.Sprintf("Policy of Health Insurance %d", year))
	p.text(fmt.Sprintf("Policy number NWM-PPO-%d. This policy is a contract between you and Northwind Mutual Insurance Company.", year))
	p.text(fmt.Sprintf("Policyholder: Jordan Avery. Effective date: January 1, %d. Renewal date: January 1, %d. Monthly premium: %s.", year, year+1, premium))
	p.ask("What is the monthly premium?", "Monthly premium: "+premium)
	p.text("You may return this policy within 10 days after you receive it, and we refund every premium paid. It is then void from its effective date.")
	p.ask("From when is a policy void that I return for a refund of the premium?", "It is then void from its effective date")
	p.text("This policy is signed for Northwind Mutual Insurance Company at Dayton, Ohio, by its President and its Secretary.")
}

// contents is the table of contents, a line a section.
func (p *paper) contents(begin map[string]int) {
	p.heading(1, "Table of Contents")
	lines := []string{"Schedule of Benefits", "Definitions"}
	for i, c := range clauses {
		lines = append(lines, sectionTitle(i+1, c))
	}
	for _, title := range append(lines, "General Provisions") {
		p.text(fmt.Sprintf("%s %s %d", title, strings.Repeat(".", 60-len(title)), begin[title]))
	}
}

// benefit is a row of the schedule. What changes from year to year is a pair.
type benefit struct {
	name         string
	network, out [2]string
	ask          string
}

func same(term string) [2]string { return [2]string{term, term} }

var benefits = []benefit{
	{"Deductible, one member", [2]string{"$1,400", "$1,500"}, [2]string{"$2,800", "$3,000"}, "What is the deductible for one member in the schedule of benefits?"},
	{"Deductible, whole family", [2]string{"$2,800", "$3,000"}, [2]string{"$5,600", "$6,000"}, ""},
	{"Out-of-pocket limit, one member", [2]string{"$6,200", "$6,500"}, [2]string{"$12,400", "$13,000"}, "What is the out-of-pocket limit for one member?"},
	{"Out-of-pocket limit, whole family", [2]string{"$12,400", "$13,000"}, [2]string{"$24,800", "$26,000"}, ""},
	{"Office visit, family doctor", [2]string{"$20 copay", "$25 copay"}, same("40% coinsurance"), "What is the copay for the family doctor?"},
	{"Office visit, specialist", [2]string{"$45 copay", "$50 copay"}, same("40% coinsurance"), ""},
	{"Walk-in clinic", [2]string{"$30 copay", "$35 copay"}, same("40% coinsurance"), "What does a walk-in clinic cost?"},
	{"Allergy injection", same("$10 copay"), same("40% coinsurance"), ""},
	{"Chiropractic manipulation", same("$40 copay"), same("40% coinsurance"), ""},
	{"Dialysis", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Chemotherapy and radiation", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Cardiac rehabilitation", [2]string{"36 visits a year", "40 visits a year"}, same("Not covered"), "How many cardiac rehabilitation visits are covered?"},
	{"Occupational therapy", same("30 visits a year"), same("Not covered"), ""},
	{"Prosthetic devices", same("20% coinsurance"), same("50% coinsurance"), ""},
	{"Insulin pump", same("20% coinsurance"), same("50% coinsurance"), ""},
	{"Ground ambulance", same("20% coinsurance"), same("20% coinsurance"), ""},
	{"Air ambulance", [2]string{"$900 copay", "$1,000 copay"}, [2]string{"$900 copay", "$1,000 copay"}, "What is the copay for an air ambulance?"},
	{"Hospital room, semiprivate", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Intensive care unit", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Surgery, inpatient", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Anesthesia", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Colonoscopy, screening", same("No charge"), same("40% coinsurance"), "What do I pay for a screening colonoscopy?"},
	{"Mammogram, screening", same("No charge"), same("40% coinsurance"), ""},
	{"Flu shot", same("No charge"), same("No charge"), ""},
	{"Blood transfusion", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Sleep study", [2]string{"$150 copay", "$175 copay"}, same("40% coinsurance"), "What is the copay for a sleep study?"},
	{"Genetic testing", same("20% coinsurance"), same("Not covered"), ""},
	{"Nutrition counseling", same("6 visits a year"), same("Not covered"), ""},
	{"Tobacco cessation", same("No charge"), same("Not covered"), ""},
	{"Substance use treatment", same("20% coinsurance"), same("40% coinsurance"), ""},
	{"Retail pharmacy, tier 1", same("$10 copay"), same("Not covered"), ""},
	{"Retail pharmacy, tier 2", [2]string{"$35 copay", "$40 copay"}, same("Not covered"), ""},
	{"Mail order pharmacy, tier 2", [2]string{"$90 copay", "$100 copay"}, same("Not covered"), "What does tier 2 cost by mail order?"},
	{"Diabetic supplies", same("No charge"), same("50% coinsurance"), ""},
	{"Vision exam, adult", same("Not covered"), same("Not covered"), ""},
	{"Wig after chemotherapy", [2]string{"$350 a year", "$400 a year"}, same("Not covered"), "How much is paid for a wig after chemotherapy?"},
}

// schedule is one table over two pages.
func (p *paper) schedule(year, version int) {
	p.heading(1, "Schedule of Benefits")
	p.text(fmt.Sprintf("The amounts apply to services received from January 1, %d to December 31, %d. Copayments are due at the visit.", year, year))
	rows := make([][]string, len(benefits))
	for i, b := range benefits {
		rows[i] = []string{b.name, b.network[version], b.out[version]}
	}
	p.table([]float64{0.44, 0.28, 0.28}, []string{"Benefit", "Network provider", "Other provider"}, rows)
	for _, b := range benefits {
		if b.ask != "" {
			p.askRow(b.ask, b.name)
		}
	}
}

var definitions = []struct{ term, meaning string }{
	{"Allowed amount", "the most we take into account for a covered service; for a network provider it is set by contract"},
	{"Balance billing", "a bill for the difference between what a provider charges and the allowed amount"},
	{"Benefit year", "the twelve months that begin on January 1"},
	{"Coinsurance", "your share of the allowed amount, as a percentage, after the deductible"},
	{"Copayment", "a fixed amount that you pay at the visit"},
	{"Custodial care", "help with daily life that a person without medical training can give"},
	{"Emergency", "a condition so severe that a prudent layperson would expect harm without immediate care"},
	{"Experimental", "a treatment that no controlled trial has shown to be safe and to work"},
	{"Medically necessary", "what a prudent physician would provide to diagnose or treat an illness, and not mainly for convenience"},
	{"Network provider", "a provider who has signed a contract with us or with the Buckeye Care Alliance"},
	{"Spouse", "the person to whom you are lawfully married, and a registered domestic partner"},
}

func (p *paper) definitions() {
	p.heading(1, "Definitions")
	for _, d := range definitions {
		p.text(fmt.Sprintf("%s means %s.", d.term, d.meaning))
	}
	p.ask("What does balance billing mean?", "Balance billing means a bill for the difference")
	p.ask("Which care alliance have network providers signed with?", "the Buckeye Care Alliance")
	p.ask("Does a domestic partner count as a spouse?", "a registered domestic partner")
}

func sectionTitle(number int, c clause) string {
	return fmt.Sprintf("Section %d. %s", number, c.title)
}

// clause writes one section of a page or two: what it says, what it leaves
// out, and the general wording every policy has around it.
func (p *paper) clause(number int, c clause, term string, words *rand.Rand) {
	p.heading(1, sectionTitle(number, c))
	say, answer := c.text, c.answer
	if term != "" {
		say, answer = fmt.Sprintf(say, term), fmt.Sprintf(answer, term)
	}
	topic := strings.ToLower(c.title)
	p.text(fmt.Sprintf("%d.1 %s", number, say))
	p.ask(c.ask, answer)
	p.general(words, topic, 5)
	p.heading(2, fmt.Sprintf("%d.2 Limits and exclusions", number))
	p.text("We do not pay for the following:")
	p.items(
		"services that began before the effective date or after the coverage ended;",
		fmt.Sprintf("charges for %s that no provider would make if there were no insurance;", topic),
		"services that a government program pays for, except Medicaid.",
	)
	p.general(words, topic, 3)
	p.heading(2, fmt.Sprintf("%d.3 Further terms", number))
	p.general(words, topic, 5)
}

func (p *paper) general(words *rand.Rand, topic string, paragraphs int) {
	for range paragraphs {
		p.text(prose(words, topic))
	}
}
