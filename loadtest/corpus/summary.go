package corpus

// Summary is a summary of benefits and coverage: the paper that answers most
// questions, nearly all of them from its tables.
func Summary() Document {
	p := newPaper(KindSummary, "summary-of-benefits-2025.pdf", "Northwind Mutual Silver PPO 2025", "NWM-SBC-25 (01/25)")
	p.named = "Silver PPO"
	p.heading(1, "Summary of Benefits and Coverage")
	p.text("Northwind Mutual Silver PPO. Coverage period: January 1, 2025 to December 31, 2025. Coverage for: individual and family. Plan type: PPO.")
	p.text("This summary shows how you and the plan would share the cost for covered health care services. It is only a summary. For the complete terms of coverage, read the policy or call 1-800-555-0142.")
	p.ask("Which number do I call to get the complete terms of coverage?", "call 1-800-555-0142")
	p.importantQuestions()
	p.pdf.AddPage()
	p.medicalEvents()
	p.pdf.AddPage()
	p.exclusions()
	p.pdf.AddPage()
	p.examples()
	return p.done()
}

func (p *paper) importantQuestions() {
	p.heading(2, "Important Questions")
	p.table([]float64{0.46, 0.27, 0.27}, []string{"Important question", "In network", "Out of network"}, [][]string{
		{"Individual deductible (per year)", "$1,500", "$3,000"},
		{"Family deductible (per year)", "$3,000", "$6,000"},
		{"Individual out-of-pocket maximum", "$6,500", "$13,000"},
		{"Family out-of-pocket maximum", "$13,000", "$26,000"},
		{"Coinsurance after the deductible", "20%", "40%"},
		{"Referral needed for a specialist", "No", "No"},
	})
	p.askRow("What is my deductible?", "Individual deductible (per year)")
	p.askRow("What is the family deductible?", "Family deductible (per year)")
	p.askRow("What is my out-of-pocket maximum?", "Individual out-of-pocket maximum")
	p.askRow("How much coinsurance do I pay after the deductible?", "Coinsurance after the deductible")
	p.askRow("Do I need a referral to see a specialist?", "Referral needed for a specialist")
	p.text("The deductible is the amount you owe for covered services before the plan begins to pay. Preventive care is covered before you meet your deductible.")
	p.ask("Is preventive care covered before I meet the deductible?", "Preventive care is covered before you meet your deductible")
	p.text("Premiums, balance-billed charges and health care this plan does not cover do not count toward the out-of-pocket limit.")
	p.ask("Which costs do not count toward the out-of-pocket limit?", "Premiums, balance-billed charges and health care this plan does not cover")
}

func (p *paper) medicalEvents() {
	p.heading(2, "Common Medical Events")
	p.table([]float64{0.4, 0.3, 0.3}, []string{"Service you may need", "In-network cost", "Out-of-network cost"}, [][]string{
		{"Primary care visit", "$25 copay", "40% coinsurance"},
		{"Specialist visit", "$50 copay", "40% coinsurance"},
		{"Preventive care and screening", "No charge", "40% coinsurance"},
		{"X-ray and blood work", "20% coinsurance", "40% coinsurance"},
		{"Imaging (CT scan, MRI)", "$250 copay", "40% coinsurance"},
		{"Generic drugs (30 days)", "$10 copay", "Not covered"},
		{"Preferred brand drugs (30 days)", "$40 copay", "Not covered"},
		{"Non-preferred brand drugs (30 days)", "$80 copay", "Not covered"},
		{"Specialty drugs (30 days)", "30% coinsurance", "Not covered"},
		{"Outpatient surgery facility fee", "20% coinsurance", "40% coinsurance"},
		{"Outpatient surgeon fee", "20% coinsurance", "40% coinsurance"},
		{"Emergency room care", "$350 copay", "$350 copay"},
		{"Emergency ambulance", "20% coinsurance", "20% coinsurance"},
		{"Urgent care", "$75 copay", "40% coinsurance"},
		{"Hospital stay facility fee", "20% coinsurance", "40% coinsurance"},
		{"Mental health outpatient visit", "$25 copay", "40% coinsurance"},
		{"Mental health inpatient stay", "20% coinsurance", "40% coinsurance"},
		{"Prenatal office visit", "No charge", "40% coinsurance"},
		{"Childbirth facility services", "20% coinsurance", "40% coinsurance"},
		{"Home health care (60 visits a year)", "20% coinsurance", "40% coinsurance"},
		{"Physical therapy (30 visits a year)", "$40 copay", "40% coinsurance"},
		{"Speech therapy (20 visits a year)", "$40 copay", "40% coinsurance"},
		{"Skilled nursing (100 days a year)", "20% coinsurance", "40% coinsurance"},
		{"Hospice services", "No charge", "40% coinsurance"},
		{"Eye exam for a child (1 a year)", "No charge", "Not covered"},
		{"Glasses for a child (1 pair a year)", "$20 copay", "Not covered"},
		{"Dental check-up for a child", "No charge", "Not covered"},
	})
	p.askRow("How much is a primary care visit?", "Primary care visit")
	p.askRow("What is the copay for a specialist?", "Specialist visit")
	p.askRow("What does an emergency room visit cost?", "Emergency room care")
	p.askRow("What is the copay for urgent care?", "Urgent care")
	p.askRow("How much does an MRI cost?", "Imaging (CT scan, MRI)")
	p.askRow("How many physical therapy visits are covered a year?", "Physical therapy (30 visits a year)")
	p.askRow("What do I pay for glasses for a child?", "Glasses for a child (1 pair a year)")
}

func (p *paper) exclusions() {
	p.heading(2, "Services Your Plan Does Not Cover")
	p.text("Cosmetic surgery, long-term care, weight loss programs, and routine eye care for adults are excluded services.")
	p.ask("Does the plan cover cosmetic surgery?", "Cosmetic surgery, long-term care, weight loss programs")
	p.text("Other covered services, within limits: bariatric surgery at a designated center, chiropractic care of up to 20 visits a year, and private-duty nursing.")
	p.ask("How many chiropractic visits are covered?", "chiropractic care of up to 20 visits a year")
	p.heading(2, "Your Rights to Continue Coverage")
	p.text("If you lose this coverage you may continue it for up to 18 months under federal COBRA rules. You must elect continuation within 60 days of the notice.")
	p.ask("How long can I keep my coverage under COBRA after losing my job?", "up to 18 months under federal COBRA rules")
	p.heading(2, "Your Grievance and Appeals Rights")
	p.text("If you have a complaint about a denial under this plan, you can file a grievance with Northwind Mutual Member Services, 400 Founders Square, Dayton, OH 45402, or call 1-800-555-0142.")
	p.heading(2, "Minimum Essential Coverage")
	p.text("This plan provides minimum essential coverage and meets the minimum value standard. Eligible members are not entitled to a premium tax credit while they are enrolled.")
	p.ask("Does the plan meet the minimum value standard?", "meets the minimum value standard")
}

func (p *paper) examples() {
	p.heading(2, "Coverage Examples")
	p.text("These are not cost estimators. The treatments shown are examples of how this plan might cover medical care, and your actual costs will be different.")
	p.table([]float64{0.43, 0.19, 0.19, 0.19}, []string{"Cost sharing in the example", "Having a baby", "Type 2 diabetes", "Simple fracture"}, [][]string{
		{"Total example cost", "$12,700", "$5,600", "$2,800"},
		{"Deductibles paid", "$1,500", "$800", "$1,500"},
		{"Copayments paid", "$60", "$920", "$440"},
		{"Coinsurance paid", "$2,240", "$0", "$120"},
		{"Limits or exclusions", "$60", "$20", "$0"},
		{"Patient pays in the example", "$3,860", "$1,740", "$2,060"},
	})
	p.askRow("In the coverage examples, what would the patient pay in total for having a baby?", "Patient pays in the example")
}
