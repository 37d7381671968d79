package corpus

// Guide is an employer's guide to the open enrollment, a Word document.
func Guide() Document {
	w := newWord(KindGuide, "enrollment-guide-2025.docx")
	w.heading(1, "Harbor Freight Lines Benefits Enrollment Guide 2025")
	w.text("Welcome to the enrollment for 2025. This guide compares the three medical plans that Harbor Freight Lines offers to its employees.")
	w.heading(2, "Key Dates")
	w.items("Enrollment opens on October 21, 2024.", "Enrollment closes on November 8, 2024 at 5 p.m. Eastern.", "Elections take effect on January 1, 2025.")
	w.ask("When does the Harbor Freight Lines enrollment close?", "Enrollment closes on November 8, 2024")
	w.heading(2, "Who Is Eligible")
	w.text("Employees who work at least 30 hours a week are eligible on the first day of the month after 60 days of employment.")
	w.ask("How many hours a week must a Harbor Freight Lines employee work to be eligible?", "at least 30 hours a week")
	w.breakPage()
	w.heading(2, "Payroll Contributions")
	w.text("The amounts are taken from each of 26 paychecks before taxes.")
	w.table([]string{"Coverage level", "Bronze HDHP", "Silver PPO", "Gold PPO"}, [][]string{
		{"Employee only", "$38.00", "$71.50", "$112.25"},
		{"Employee and spouse", "$96.40", "$168.90", "$251.10"},
		{"Employee and children", "$84.15", "$149.30", "$223.80"},
		{"Employee and family", "$141.60", "$236.75", "$347.45"},
	})
	w.askRow("How much is the payroll contribution for employee and spouse?", "Employee and spouse")
	w.askRow("What is taken from the paycheck for employee and children?", "Employee and children")
	w.heading(2, "Tobacco Surcharge")
	w.text("Employees who use tobacco pay $25 more a paycheck unless they complete the cessation program by March 31, 2025.")
	w.ask("How much is the tobacco surcharge?", "pay $25 more a paycheck")
	w.breakPage()
	w.heading(2, "Health Savings Account")
	w.text("With the Bronze HDHP the company puts $600 a year into your health savings account, or $1,200 when you cover dependents.")
	w.ask("How much does the company put into the health savings account?", "the company puts $600 a year into your health savings account")
	w.heading(3, "Contribution Limits")
	w.text("The limit set by law for 2025 is $4,300 for one person and $8,550 for a family, the company's share included.")
	w.ask("What is the legal limit for health savings account contributions of a family in 2025?", "$8,550 for a family")
	w.heading(2, "Changes During the Year")
	w.text("Outside the enrollment you can change your elections only within 31 days of a qualifying life event:")
	w.items("marriage, divorce or legal separation;", "birth or adoption of a child;", "loss of other coverage;", "a move out of the plan's area.")
	w.ask("Which life events let me change my elections during the year?", "birth or adoption of a child")
	return w.done()
}
