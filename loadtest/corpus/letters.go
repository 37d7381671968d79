package corpus

// ExplanationOfBenefits is the statement after a hospital visit.
func ExplanationOfBenefits() Document {
	p := newPaper(KindEOB, "explanation-of-benefits-march.pdf", "Explanation of Benefits - this is not a bill")
	p.heading(1, "Explanation of Benefits")
	p.text("This is not a bill. Member: Jordan Avery. Member ID: NWM-4471-0093. Group: 88214. Statement date: March 28, 2025.")
	p.ask("Is the explanation of benefits a bill?", "This is not a bill")
	p.heading(2, "Claims Processed")
	p.table([]float64{0.13, 0.29, 0.145, 0.145, 0.145, 0.145},
		[]string{"Date", "Service", "Billed", "Discount", "Plan paid", "You owe"}, [][]string{
			{"03/04/2025", "Emergency room visit", "$2,410.00", "$1,190.00", "$870.00", "$350.00"},
			{"03/04/2025", "CT scan of abdomen", "$1,880.00", "$980.00", "$650.00", "$250.00"},
			{"03/04/2025", "Blood work panel", "$312.00", "$188.00", "$99.20", "$24.80"},
			{"03/11/2025", "Specialist visit", "$285.00", "$105.00", "$130.00", "$50.00"},
			{"03/18/2025", "Physical therapy", "$190.00", "$70.00", "$80.00", "$40.00"},
		})
	p.ask("How much do I owe for the CT scan?", "CT scan of abdomen")
	p.ask("What was billed for the emergency room visit in March?", "$2,410.00")
	p.text("Total billed: $5,077.00. Total you owe your providers for these claims: $714.80.")
	p.ask("What is the total I owe my providers for the March claims?", "Total you owe your providers for these claims: $714.80")
	p.pdf.AddPage()
	p.heading(2, "Your Progress This Year")
	p.table([]float64{0.4, 0.2, 0.2, 0.2}, []string{"Accumulator", "Limit", "Used so far", "Remaining"}, [][]string{
		{"Individual deductible", "$1,500.00", "$1,104.80", "$395.20"},
		{"Out-of-pocket maximum", "$6,500.00", "$1,819.60", "$4,680.40"},
	})
	p.ask("How much of my deductible have I used so far this year?", "$1,104.80")
	p.ask("How much is remaining until I reach my out-of-pocket limit this year?", "$4,680.40")
	p.heading(2, "If You Disagree")
	p.text("You may ask us to review this decision within 180 days of the date of this statement. Send your request to Northwind Mutual Appeals, PO Box 9021, Dayton, OH 45401.")
	p.ask("Where do I send a request to review my explanation of benefits?", "PO Box 9021, Dayton, OH 45401")
	return p.done()
}

// DenialLetter refuses a claim and says how to appeal.
func DenialLetter() Document {
	p := newPaper(KindDenial, "claim-denial-letter.pdf", "Northwind Mutual Claims Department")
	p.text("April 16, 2025")
	p.text("Jordan Avery, 2208 Maple Street, Columbus, OH 43215")
	p.heading(1, "Notice of Adverse Benefit Determination")
	p.text("Claim number: 25-0416-7781. Provider: Riverside Imaging Center. Date of service: April 2, 2025. Amount of the claim: $1,940.00.")
	p.ask("What is the number of my denied claim?", "Claim number: 25-0416-7781")
	p.text("We are writing to tell you that we have denied the claim for magnetic resonance imaging of the lumbar spine.")
	p.heading(2, "Reason for the Denial")
	p.text("The service required prior authorization and none was on file on the date of service. The plan does not pay for imaging without prior authorization except in an emergency.")
	p.ask("Why was my MRI claim denied?", "The service required prior authorization and none was on file")
	p.heading(2, "Your Right to Appeal")
	p.text("You may file an internal appeal within 180 days after you receive this notice. If your health is in serious danger you may ask for an expedited appeal and we will decide within 72 hours.")
	p.ask("How long do I have to appeal a denied claim?", "file an internal appeal within 180 days")
	p.ask("How fast is an expedited appeal decided?", "we will decide within 72 hours")
	p.pdf.AddPage()
	p.heading(2, "External Review")
	p.text("If we uphold the denial you may ask for an external review by an independent review organization within four months. The external review costs you nothing.")
	p.ask("Does an external review cost me anything?", "The external review costs you nothing")
	p.text("For help with your appeal call the Ohio Department of Insurance at 1-800-686-1526.")
	p.ask("Who can help me with my appeal?", "Ohio Department of Insurance at 1-800-686-1526")
	return p.done()
}

// Amendment changes two terms of the policy in the middle of the year.
func Amendment() Document {
	p := newPaper(KindAmendment, "policy-amendment-2.pdf", "Amendment No. 2 to policy NWM-PPO-2025")
	p.heading(1, "Amendment No. 2")
	p.text("This amendment is part of policy NWM-PPO-2025 and takes effect on July 1, 2025. All other terms stay as they are.")
	p.ask("When does amendment number 2 take effect?", "takes effect on July 1, 2025")
	p.heading(2, "Telehealth")
	p.text("Telehealth visits with a network provider are covered at no charge, and the deductible does not apply to them.")
	p.ask("Are telehealth visits covered?", "Telehealth visits with a network provider are covered at no charge")
	p.heading(2, "Hearing Aids")
	p.text("The plan pays up to $2,500 for hearing aids every 36 months for members of any age.")
	p.ask("How much does the plan pay for hearing aids?", "up to $2,500 for hearing aids every 36 months")
	p.table([]float64{0.4, 0.3, 0.3}, []string{"Benefit", "Before July 1", "From July 1"}, [][]string{
		{"Telehealth visit", "$25 copay", "No charge"},
		{"Hearing aids", "Not covered", "$2,500 per 36 months"},
		{"Acupuncture", "Not covered", "12 visits a year"},
	})
	p.ask("How many acupuncture visits are covered from July?", "12 visits a year")
	return p.done()
}

// MemberCard is a document of one page.
func MemberCard() Document {
	p := newPaper(KindCard, "member-id-card.pdf", "Carry this card with you")
	p.heading(1, "Member Identification Card")
	p.text("Member: Jordan Avery. Member ID: NWM-4471-0093. Group number: 88214. Effective date: January 1, 2025.")
	p.ask("What is my member ID?", "Member ID: NWM-4471-0093")
	p.ask("What is my group number?", "Group number: 88214")
	p.text("Pharmacy: RxBIN 610279, RxPCN 9999, RxGRP NWMRX. Nurse line, day and night: 1-800-555-0177.")
	p.ask("What is the RxBIN for the pharmacy?", "RxBIN 610279")
	p.ask("What is the phone number of the nurse line?", "1-800-555-0177")
	return p.done()
}
