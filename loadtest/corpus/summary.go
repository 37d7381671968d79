package corpus

// Summary is a summary of benefits and coverage: the paper that answers most
// questions, nearly all of them from its tables.
func Summary() Document {
	p := newPaper(KindSummary, "summary-of-benefits-2025.pdf", "Northwind Mutual Silver PPO 2025")
	p.heading(1, "Summary of Benefits and Coverage")
	p.text("Northwind Mutual Silver PPO. Coverage period: January 1, 2025 to December 31, 2025. Coverage for: individual and family. Plan type: PPO.")
	p.text("This summary shows how you and the plan would share the cost for covered health care services. It is only a summary. For the complete terms of coverage, read the policy or call 1-800-555-0142.")
	p.ask("Which number do I call to get the complete terms of coverage?", "call 1-800-555-0142")
	p.heading(2, "Important Questions")
	p.table([]float64{0.46, 0.27, 0.27}, []string{"Important question", "In network", "Out of network"}, [][]string{
		{"Individual deductible (per year)", "$1,500", "$3,000"},
		{"Family deductible (per year)", "$3,000", "$6,000"},
		{"Individual out-of-pocket maximum", "$6,500", "$13,000"},
		{"Family out-of-pocket maximum", "$13,000", "$26,000"},
		{"Coinsurance after the deductible", "20%", "40%"},
		{"Referral needed for a specialist", "No", "No"},
	})
	p.ask("What is my deductible?", "Individual deductible (per year)")
	p.ask("What is the family deductible?", "Family deductible (per year)")
	p.ask("What is my out-of-pocket maximum?", "Individual out-of-pocket maximum")
	p.ask("How much coinsurance do I pay after the deductible?", "Coinsurance after the deductible")
	p.ask("Do I need a referral to see a specialist?", "Referral needed for a specialist")
	p.text("The deductible is the amount you owe for covered services before the plan begins to pay. Preventive care is covered before you meet your deductible.")
	p.ask("Is preventive care covered before I meet the deductible?", "Preventive care is covered before you meet your deductible")
	p.pdf.AddPage()
	p.heading(2, "Common Medical Events")
	p.table([]float64{0.4, 0.3, 0.3}, []string{"Service you may need", "In-network cost", "Out-of-network cost"}, [][]string{
		{"Primary care visit", "$25 copay", "40% coinsurance"},
		{"Specialist visit", "$50 copay", "40% coinsurance"},
		{"Preventive care and screening", "No charge", "40% coinsurance"},
		{"X-ray and blood work", "20% coinsurance", "40% coinsurance"},
		{"Imaging (CT scan, MRI)", "$250 copay", "40% coinsurance"},
		{"Generic drugs (30 days)", "$10 copay", "Not covered"},
		{"Preferred brand drugs (30 days)", "$40 copay", "Not covered"},
		{"Specialty drugs (30 days)", "30% coinsurance", "Not covered"},
		{"Outpatient surgery facility fee", "20% coinsurance", "40% coinsurance"},
		{"Emergency room care", "$350 copay", "$350 copay"},
		{"Emergency ambulance", "20% coinsurance", "20% coinsurance"},
		{"Urgent care", "$75 copay", "40% coinsurance"},
		{"Hospital stay facility fee", "20% coinsurance", "40% coinsurance"},
		{"Mental health outpatient visit", "$25 copay", "40% coinsurance"},
		{"Physical therapy (30 visits a year)", "$40 copay", "40% coinsurance"},
	})
	p.ask("How much is a primary care visit?", "Primary care visit")
	p.ask("What is the copay for a specialist?", "Specialist visit")
	p.ask("What does an emergency room visit cost?", "Emergency room care")
	p.ask("What is the copay for urgent care?", "$75 copay")
	p.ask("How much does an MRI cost?", "Imaging (CT scan, MRI)")
	p.ask("How many physical therapy visits are covered a year?", "Physical therapy (30 visits a year)")
	p.pdf.AddPage()
	p.heading(2, "Services Your Plan Does Not Cover")
	p.text("Cosmetic surgery, long-term care, weight loss programs, and routine eye care for adults are excluded services.")
	p.ask("Does the plan cover cosmetic surgery?", "Cosmetic surgery, long-term care, weight loss programs")
	p.heading(2, "Your Rights to Continue Coverage")
	p.text("If you lose this coverage you may continue it for up to 18 months under federal COBRA rules. You must elect continuation within 60 days of the notice.")
	p.ask("How long can I keep my coverage under COBRA after losing my job?", "up to 18 months under federal COBRA rules")
	return p.done()
}
