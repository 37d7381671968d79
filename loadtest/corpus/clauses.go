package corpus

// clause is a section of the policy that answers a question. Terms that change
// from year to year hold one %s.
type clause struct {
	title, text, ask, answer string
	terms                    [2]string // last year's, this year's
}

var clauses = []clause{
	{"Eligibility", "Dependent children are eligible until the end of the month in which they turn 26.", "Until what age are my children covered?", "the end of the month in which they turn 26", [2]string{}},
	{"Enrollment", "The open enrollment period runs from %s.", "When is the open enrollment period?", "open enrollment period runs from %s", [2]string{"November 1 to December 15", "November 1 to January 15"}},
	{"Newborns", "A newborn is covered from birth if you enroll the child within 31 days.", "How soon must I enroll a newborn?", "enroll the child within 31 days", [2]string{}},
	{"Premium", "Premiums are due on the first day of each month, and the grace period is %s.", "How long is the grace period for premiums?", "the grace period is %s", [2]string{"30 days", "31 days"}},
	{"Prior Authorization", "Inpatient admissions, imaging and home infusion require prior authorization at least five business days before the service.", "Which services require prior authorization?", "require prior authorization at least five business days before", [2]string{}},
	{"Emergency Services", "Emergency services are covered at the in-network level wherever you receive them, and no prior authorization is needed.", "Am I covered for emergencies out of network?", "Emergency services are covered at the in-network level", [2]string{}},
	{"Maternity", "Maternity care includes a hospital stay of at least 48 hours after a vaginal delivery and 96 hours after a cesarean section.", "How long may I stay in hospital after a cesarean section?", "96 hours after a cesarean section", [2]string{}},
	{"Mental Health", "Residential treatment for a mental health condition is limited to %s per benefit year.", "How many days of residential mental health treatment are covered?", "limited to %s per benefit year", [2]string{"45 days", "60 days"}},
	{"Transplants", "Organ transplants are covered only at a designated center of excellence, and travel is reimbursed up to $10,000 for each transplant.", "Is travel paid for an organ transplant?", "travel is reimbursed up to $10,000 for each transplant", [2]string{}},
	{"Durable Medical Equipment", "Wheelchairs and oxygen equipment are durable medical equipment and are covered at 80% after the deductible.", "Are wheelchairs and oxygen equipment covered?", "Wheelchairs and oxygen equipment are durable medical equipment", [2]string{}},
	{"Skilled Nursing", "Care in a skilled nursing facility is covered for up to %s per benefit year.", "How many days in a skilled nursing facility are covered?", "covered for up to %s per benefit year", [2]string{"90 days", "100 days"}},
	{"Hospice", "Hospice care is covered in full when a physician certifies a life expectancy of six months or less.", "Which life expectancy must a physician certify for hospice care?", "certifies a life expectancy of six months or less", [2]string{}},
	{"Infertility", "Diagnosis of infertility is covered; in vitro fertilization is limited to three cycles in a lifetime.", "How many cycles of in vitro fertilization are covered?", "in vitro fertilization is limited to three cycles in a lifetime", [2]string{}},
	{"Coordination of Benefits", "When you have two plans, the plan of the parent whose birthday falls earlier in the year pays first for a child.", "Which plan pays first for my child when both parents have insurance?", "the parent whose birthday falls earlier in the year pays first", [2]string{}},
	{"Filing a Claim", "A claim must reach us within 12 months after the date of service.", "How long do I have to file a claim?", "A claim must reach us within 12 months after the date of service", [2]string{}},
	{"Subrogation", "If another party is liable for your injury we may recover what we paid from any settlement you receive.", "May the insurer recover what it paid from an injury settlement?", "we may recover what we paid from any settlement", [2]string{}},
	{"Termination", "You may cancel this policy by giving us written notice 14 days in advance.", "How much written notice do I give to cancel this policy?", "written notice 14 days in advance", [2]string{}},
	{"Travel Abroad", "Urgent care outside the United States is reimbursed at the out-of-network rate when you send an itemized bill in English.", "Am I covered when I travel abroad?", "Urgent care outside the United States is reimbursed", [2]string{}},
}
