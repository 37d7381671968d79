package corpus

import "fmt"

// claimLine is one line of the statement after a hospital visit.
type claimLine struct {
	date, service                   string
	billed, discount, paid, patient float64
}

var claimLines = []claimLine{
	{"03/04/2025", "Emergency room visit", 2410, 1190, 870, 350},
	{"03/04/2025", "CT scan of abdomen", 1880, 980, 650, 250},
	{"03/04/2025", "Blood work panel", 312, 188, 99.20, 24.80},
	{"03/04/2025", "IV hydration", 236, 96, 112, 28},
	{"03/04/2025", "Urinalysis", 64, 40, 19.20, 4.80},
	{"03/05/2025", "Observation bed, 1 day", 1425, 625, 640, 160},
	{"03/05/2025", "Electrocardiogram", 188, 98, 72, 18},
	{"03/05/2025", "Physician consult", 310, 110, 150, 50},
	{"03/11/2025", "Specialist visit", 285, 105, 130, 50},
	{"03/11/2025", "Ultrasound", 420, 220, 160, 40},
	{"03/18/2025", "Physical therapy", 190, 70, 80, 40},
	{"03/20/2025", "Physical therapy", 190, 70, 80, 40},
	{"03/25/2025", "Physical therapy", 190, 70, 80, 40},
	{"03/27/2025", "Follow-up office visit", 165, 65, 75, 25},
}

func money(amount float64) string {
	whole, cents := int(amount), int(amount*100+0.5)%100
	if whole >= 1000 {
		return fmt.Sprintf("$%d,%03d.%02d", whole/1000, whole%1000, cents)
	}
	return fmt.Sprintf("$%d.%02d", whole, cents)
}

// claimRows are the lines as cells, and what they add up to.
func claimRows() (rows [][]string, billed, patient float64) {
	for _, c := range claimLines {
		rows = append(rows, []string{c.date, c.service, money(c.billed), money(c.discount), money(c.paid), money(c.patient)})
		billed, patient = billed+c.billed, patient+c.patient
	}
	return rows, billed, patient
}

// ExplanationOfBenefits is the statement after a hospital visit.
func ExplanationOfBenefits() Document {
	p := newPaper(KindEOB, "explanation-of-benefits-march.pdf", "Explanation of Benefits - this is not a bill", "NWM-EOB-7")
	p.heading(1, "Explanation of Benefits")
	p.text("This is not a bill. Member: Jordan Avery. Member ID: NWM-4471-0093. Group: 88214. Statement date: March 28, 2025.")
	p.ask("Is the explanation of benefits a bill?", "This is not a bill")
	p.text("Patient: Jordan Avery. Hospital: Miami Valley Regional Hospital. Network status: in network. Plan: Northwind Mutual Silver PPO.")
	p.ask("Which hospital is on my explanation of benefits?", "Hospital: Miami Valley Regional Hospital")
	p.heading(2, "Claims Processed")
	rows, billed, patient := claimRows()
	p.table([]float64{0.13, 0.29, 0.145, 0.145, 0.145, 0.145}, []string{"Date", "Service", "Billed", "Discount", "Plan paid", "You owe"}, rows)
	p.askService("How much do I owe for the CT scan?", "CT scan of abdomen")
	p.askService("What was billed for the emergency room visit on 03/04/2025?", "Emergency room visit")
	p.askService("What did the plan pay for the observation bed?", "Observation bed, 1 day")
	total := fmt.Sprintf("Total you owe your providers for these claims: %s", money(patient))
	p.text(fmt.Sprintf("Total billed: %s. %s.", money(billed), total))
	p.ask("What is the total I owe my providers for the March claims?", total)
	p.pdf.AddPage()
	p.heading(2, "Your Progress This Year")
	p.table([]float64{0.4, 0.2, 0.2, 0.2}, []string{"Accumulator", "Limit", "Used so far", "Remaining"}, [][]string{
		{"Individual deductible", "$1,500.00", "$1,104.80", "$395.20"},
		{"Out-of-pocket maximum", "$6,500.00", "$1,819.60", "$4,680.40"},
	})
	p.askRow("How much of my individual deductible have I used so far this year?", "Individual deductible")
	p.askRow("How much is remaining until I reach my out-of-pocket limit this year?", "Out-of-pocket maximum")
	p.heading(2, "Remark Codes")
	p.table([]float64{0.15, 0.5, 0.35}, []string{"Code", "What it means", "Effect"}, [][]string{
		{"N104", "Network discount applied", "You do not owe the discount"},
		{"N211", "Counted toward your therapy visits", "3 of 30 visits used"},
		{"N386", "Allowed amount set by contract", "None"},
	})
	p.askRow("What does remark code N211 mean?", "N211")
	p.heading(2, "If You Disagree")
	p.text("You may ask us to review this decision within 180 days of the date of this statement. Send your request to Northwind Mutual Appeals, PO Box 9021, Dayton, OH 45401.")
	p.ask("Where do I send a request to review my explanation of benefits?", "PO Box 9021, Dayton, OH 45401")
	return p.done()
}

// askService is askRow for the claims, whose first cell is the date.
func (p *paper) askService(question, service string) {
	for _, table := range p.doc.Tables {
		for _, row := range table.Rows {
			if row[1] == service {
				p.question(question, table.Page, joinRow(row))
				return
			}
		}
	}
	panic("corpus: no service " + service)
}

// DenialLetter refuses a claim and says how to appeal.
func DenialLetter() Document {
	p := newPaper(KindDenial, "claim-denial-letter.pdf", "Northwind Mutual Claims Department", "NWM-ABD-3")
	p.text("April 16, 2025")
	p.text("Jordan Avery, 2208 Maple Street, Columbus, OH 43215")
	p.heading(1, "Notice of Adverse Benefit Determination")
	p.text("Claim number: 25-0416-7781. Provider: Riverside Imaging Center. Date of service: April 2, 2025. Amount of the claim: $1,940.00.")
	p.ask("What is the number of my denied claim?", "Claim number: 25-0416-7781")
	p.text("We are writing to tell you that we have denied the claim for magnetic resonance imaging of the lumbar spine.")
	p.heading(2, "Reason for the Denial")
	p.text("The service required prior authorization and none was on file on the date of service. The plan does not pay for imaging without prior authorization except in an emergency.")
	p.ask("Why was my MRI claim denied?", "The service required prior authorization and none was on file")
	p.text("This decision rests on section 5 of your policy and on clinical guideline NW-RAD-112. You may have a copy of the guideline free of charge.")
	p.ask("Which clinical guideline was used for the denial?", "clinical guideline NW-RAD-112")
	p.heading(2, "Your Right to Appeal")
	p.text("You may file an internal appeal within 180 days after you receive this notice. If your health is in serious danger you may ask for an expedited appeal and we will decide within 72 hours.")
	p.ask("Within how many days after the notice may I file an internal appeal?", "file an internal appeal within 180 days")
	p.ask("How fast is an expedited appeal decided?", "we will decide within 72 hours")
	p.pdf.AddPage()
	p.heading(2, "External Review")
	p.text("If we uphold the denial you may ask for an external review by an independent review organization within four months. The external review costs you nothing.")
	p.ask("Does an external review cost me anything?", "The external review costs you nothing")
	p.text("For help with your appeal call the Ohio Department of Insurance at 1-800-686-1526.")
	p.ask("Which department of Ohio helps with my appeal?", "Ohio Department of Insurance at 1-800-686-1526")
	p.heading(2, "What to Send")
	p.items("A copy of this letter.", "A statement of your physician on why the imaging was necessary.", "Records of earlier treatment of the lumbar spine, such as physical therapy.")
	p.text("Sincerely, Dana Whitlock, Claims Examiner, Northwind Mutual Insurance Company.")
	p.ask("Who signed the denial letter?", "Dana Whitlock, Claims Examiner")
	return p.done()
}

// Amendment changes terms of the policy in the middle of the year.
func Amendment() Document {
	p := newPaper(KindAmendment, "policy-amendment-2.pdf", "Amendment No. 2 to policy NWM-PPO-2025", "NWM-AM2-25 (07/25)")
	p.heading(1, "Amendment No. 2")
	p.text("This amendment is part of policy NWM-PPO-2025 and takes effect on July 1, 2025. All other terms stay as they are.")
	p.ask("When does amendment number 2 take effect?", "takes effect on July 1, 2025")
	p.heading(2, "Telehealth")
	p.text("Telehealth visits with a network provider are covered at no charge, and the deductible does not apply to them.")
	p.ask("Are telehealth visits covered?", "Telehealth visits with a network provider are covered at no charge")
	p.heading(2, "Hearing Aids")
	p.text("The plan pays up to $2,500 for hearing aids every 36 months for members of any age.")
	p.ask("How much does the plan pay for hearing aids?", "up to $2,500 for hearing aids every 36 months")
	p.heading(2, "Schedule of Changes")
	p.table([]float64{0.4, 0.3, 0.3}, []string{"Benefit", "Before July 1", "From July 1"}, [][]string{
		{"Telehealth visit", "$25 copay", "No charge"},
		{"Hearing aids", "Not covered", "$2,500 per 36 months"},
		{"Acupuncture", "Not covered", "12 visits a year"},
		{"Insulin (30 days)", "$40 copay", "$35 copay"},
	})
	p.askRow("How many acupuncture visits are covered from July?", "Acupuncture")
	p.askRow("What does insulin cost after the amendment?", "Insulin (30 days)")
	p.text("Signed for Northwind Mutual Insurance Company by its Secretary, May 30, 2025.")
	return p.done()
}

// MemberCard is a document of one page.
func MemberCard() Document {
	p := newPaper(KindCard, "member-id-card.pdf", "Carry this card with you", "")
	p.heading(1, "Member Identification Card")
	p.text("Member: Jordan Avery. Member ID: NWM-4471-0093. Group number: 88214. Effective date: January 1, 2025.")
	p.ask("What is my member ID?", "Member ID: NWM-4471-0093")
	p.ask("What is my group number?", "Group number: 88214")
	p.text("Pharmacy: RxBIN 610279, RxPCN 9999, RxGRP NWMRX. Nurse line, day and night: 1-800-555-0177.")
	p.ask("What is the RxBIN for the pharmacy?", "RxBIN 610279")
	p.ask("What is the phone number of the nurse line?", "1-800-555-0177")
	return p.done()
}
