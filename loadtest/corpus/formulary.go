package corpus

import "fmt"

// Formulary is a drug list: one table over many pages.
func Formulary() Document {
	p := newPaper(KindFormulary, "drug-formulary-2025.pdf", "Northwind Mutual 2025 Drug Formulary", "NWM-RX-25 (10/24)")
	p.heading(1, "2025 Drug Formulary")
	p.text("PA means prior authorization, ST means step therapy and QL means a quantity limit. Tier 1 drugs cost least and tier 4 drugs cost most.")
	p.ask("What does ST mean in the drug list?", "ST means step therapy")
	p.table([]float64{0.36, 0.26, 0.14, 0.24}, []string{"Drug name", "Class", "Tier", "Requirements"}, drugs())
	for _, want := range []struct{ ask, drug string }{
		{"Which tier is atorvastatin 40 mg?", "Atorvastatin 40 mg"},
		{"Is metformin 500 mg on the drug list?", "Metformin 500 mg"},
		{"Which requirements does adalimumab 40 mg have in the formulary?", "Adalimumab 40 mg"},
		{"Is semaglutide covered by the formulary?", "Semaglutide 1 mg"},
	} {
		p.askRow(want.ask, want.drug)
	}
	p.heading(2, "Exceptions")
	p.text("Your doctor may ask for an exception to step therapy by fax at 1-800-555-0199. We decide within 72 hours, or within 24 hours when the request is urgent.")
	p.ask("To which fax number does my doctor send a request for an exception to step therapy?", "by fax at 1-800-555-0199")
	return p.done()
}

type family struct {
	class, tier, rule string
	names             []string
}

var families = []family{
	{"Cholesterol", "1", "None", []string{"Atorvastatin", "Lovastatin", "Pravastatin", "Rosuvastatin", "Simvastatin"}},
	{"Diabetes", "1", "QL 60 per 30 days", []string{"Glimepiride", "Glipizide", "Metformin", "Pioglitazone"}},
	{"Blood pressure", "1", "None", []string{"Amlodipine", "Benazepril", "Lisinopril", "Losartan", "Metoprolol", "Valsartan"}},
	{"Antibiotic", "1", "QL 28 per fill", []string{"Amoxicillin", "Azithromycin", "Cephalexin", "Doxycycline"}},
	{"Antidepressant", "2", "None", []string{"Bupropion", "Citalopram", "Duloxetine", "Escitalopram", "Sertraline"}},
	{"Anticoagulant", "3", "QL 60 per 30 days", []string{"Apixaban", "Dabigatran", "Rivaroxaban"}},
	{"Respiratory", "2", "QL 1 per 30 days", []string{"Budesonide", "Fluticasone", "Montelukast", "Tiotropium"}},
	{"Weight and diabetes", "3", "PA, ST", []string{"Dulaglutide", "Liraglutide", "Semaglutide"}},
	{"Immunology", "4", "PA, QL 2 per 28 days", []string{"Adalimumab", "Etanercept", "Secukinumab", "Ustekinumab"}},
}

// drugs lists every drug at several strengths, a few pages of rows.
func drugs() [][]string {
	var rows [][]string
	for _, f := range families {
		for _, name := range f.names {
			for _, strength := range []int{1, 5, 10, 20, 40, 500} {
				rows = append(rows, []string{fmt.Sprintf("%s %d mg", name, strength), f.class, "Tier " + f.tier, f.rule})
			}
		}
	}
	return rows
}
