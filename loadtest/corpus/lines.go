package corpus

var insurers = []string{
	"Cedar Ridge", "Blue Harbor", "Prairie States", "Summit Valley", "Ironwood", "Lakeshore", "Great Basin",
	"Pinnacle Point", "Redwood Coast", "Tidewater", "Old Dominion", "Granite State", "Evergreen", "Sunbelt",
}

// line is a line of insurance: what its contracts are called, what they speak
// of and what they cost. In facts %[1]s is the plan, %[2]s an amount of dollars
// and %[3]d a number.
type line struct {
	title  string
	plans  []string
	topics []string
	item   string
	items  []string
	facts  []string
}

var lines = []line{
	{
		title:  "Evidence of Coverage",
		plans:  []string{"Gold HMO", "Bronze EPO", "Platinum HMO", "Silver HMO", "Value PPO", "Catastrophic Plan"},
		topics: []string{"eligibility", "enrollment", "premiums", "deductibles", "prior authorization", "emergency services", "maternity care", "mental health", "hospice care", "prescription drugs", "skilled nursing", "appeals", "coordination of benefits", "termination"},
		item:   "Medical service",
		items:  []string{"Doctor visit", "Specialist consultation", "Emergency room", "Urgent care center", "Hospital day", "MRI or CT scan", "Laboratory test", "Generic drug", "Brand drug", "Specialty drug", "Ambulance trip", "Physical therapy", "Outpatient surgery", "Mental health visit", "Home health visit"},
		facts: []string{
			"The deductible of the %[1]s is %[2]s a person.",
			"A specialist visit under the %[1]s costs %[2]s.",
			"The out-of-pocket maximum of the %[1]s is %[2]s a year.",
			"The %[1]s covers %[3]d visits of physical therapy a year.",
			"Inpatient care needs prior authorization from the %[1]s, asked for %[3]d days before.",
			"The grace period for premiums of the %[1]s is %[3]d days.",
			"An appeal to the %[1]s must be filed within %[3]d days.",
			"The %[1]s pays for %[3]d days in a skilled nursing facility.",
		},
	},
	{
		title:  "Dental Certificate",
		plans:  []string{"Dental Plus", "Dental Basic", "Smile PPO"},
		topics: []string{"preventive care", "fillings", "crowns", "orthodontics", "waiting periods", "annual maximum", "claims", "network dentists", "exclusions"},
		item:   "Dental service",
		items:  []string{"Cleaning", "Bitewing X-rays", "Filling, one surface", "Root canal", "Crown", "Bridge", "Denture", "Extraction", "Sealant", "Retainer"},
		facts: []string{
			"The %[1]s pays up to %[2]s a year for each covered person.",
			"Orthodontics of the %[1]s have a lifetime maximum of %[2]s.",
			"The waiting period of the %[1]s for crowns is %[3]d months.",
			"The deductible of the %[1]s is %[2]s and does not apply to preventive care.",
		},
	},
	{
		title:  "Vision Certificate",
		plans:  []string{"Vision Select", "Vision Care"},
		topics: []string{"eye exams", "lenses", "frames", "contact lenses", "laser correction", "network providers", "claims"},
		item:   "Vision service",
		items:  []string{"Eye exam", "Single vision lenses", "Bifocal lenses", "Frame allowance", "Contact lens fitting", "Anti-glare coating", "Second pair"},
		facts: []string{
			"The %[1]s pays %[2]s for a frame every %[3]d months.",
			"The copay of the %[1]s for an eye exam is %[2]s.",
		},
	},
	{
		title:  "Personal Auto Policy",
		plans:  []string{"Auto Preferred", "Auto Standard", "Auto Choice"},
		topics: []string{"liability", "collision", "comprehensive coverage", "uninsured motorists", "medical payments", "rental cars", "duties after an accident", "cancellation", "subrogation"},
		item:   "Coverage",
		items:  []string{"Bodily injury, one person", "Bodily injury, one accident", "Property damage", "Collision deductible", "Glass", "Towing", "Rental car, a day", "Medical payments"},
		facts: []string{
			"The collision deductible of the %[1]s is %[2]s.",
			"The %[1]s pays for a rental car up to %[3]d days.",
			"Medical payments under the %[1]s are limited to %[2]s for each person.",
			"We may recover what the %[1]s paid from a settlement above %[2]s.",
		},
	},
	{
		title:  "Homeowners Policy",
		plans:  []string{"Home Protector", "Home Essential"},
		topics: []string{"dwelling", "personal property", "loss of use", "personal liability", "water damage", "wind and hail", "duties after a loss", "appraisal", "mortgage clause"},
		item:   "Property",
		items:  []string{"Dwelling", "Other structures", "Jewelry", "Electronics", "Food spoilage", "Debris removal", "Trees and shrubs", "Medical payments to others"},
		facts: []string{
			"The wind and hail deductible of the %[1]s is %[2]s.",
			"A claim under the %[1]s must reach us within %[3]d days after the loss.",
			"The %[1]s covers jewelry up to %[2]s.",
		},
	},
	{
		title:  "Disability Income Policy",
		plans:  []string{"Income Guard", "Short Term Disability"},
		topics: []string{"elimination period", "monthly benefit", "partial disability", "rehabilitation", "offsets", "proof of loss", "maternity leave", "premium waiver"},
		item:   "Benefit",
		items:  []string{"Monthly benefit", "Partial benefit", "Rehabilitation allowance", "Child care allowance", "Survivor benefit", "Retirement offset"},
		facts: []string{
			"The elimination period of the %[1]s is %[3]d days.",
			"The %[1]s pays at most %[2]s a month.",
			"Benefits of the %[1]s for a mental health condition end after %[3]d months.",
		},
	},
	{
		title:  "Term Life Certificate",
		plans:  []string{"Group Term Life", "Level Term 20"},
		topics: []string{"death benefit", "beneficiaries", "accidental death", "conversion", "portability", "contestability", "accelerated benefit", "dependents"},
		item:   "Insured",
		items:  []string{"Employee", "Spouse", "Child", "Accidental death", "Seat belt benefit", "Repatriation"},
		facts: []string{
			"The %[1]s pays %[2]s for the death of a dependent child.",
			"A newborn is insured under the %[1]s from the age of %[3]d days.",
			"The %[1]s pays the benefit early when life expectancy is %[3]d months or less.",
		},
	},
	{
		title:  "Travel Protection Policy",
		plans:  []string{"Travel Shield", "World Traveler"},
		topics: []string{"trip cancellation", "medical expenses abroad", "baggage", "emergency evacuation", "travel delay", "exclusions", "claims"},
		item:   "Travel benefit",
		items:  []string{"Trip cancellation", "Trip interruption", "Medical expenses abroad", "Emergency evacuation", "Lost baggage", "Travel delay, a day"},
		facts: []string{
			"The %[1]s pays up to %[2]s for urgent care abroad.",
			"The %[1]s covers travel of at most %[3]d days.",
		},
	},
}
