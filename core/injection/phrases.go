package injection

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phrase is one way of speaking to a model. Its form is looked for only where a
// word of each of its groups stands, which is far quicker.
type phrase struct {
	groups []vocabulary
	signs  string // one of which stands in it; empty where none has to
	form   *regexp.Regexp
}

// vocabulary is a set of those words that any phrase's group has.
type vocabulary [4]uint64

func (v *vocabulary) add(word int) { v[word/64] |= 1 << (word % 64) }
func (v *vocabulary) meets(others vocabulary) bool {
	return v[0]&others[0]|v[1]&others[1]|v[2]&others[2]|v[3]&others[3] != 0
}

// known numbers the words of all groups.
var known = map[string]int{}

// with narrows a phrase to texts that have one of the signs.
func (p phrase) with(signs string) phrase {
	p.signs = signs
	return p
}

// worth reports whether the form may be in a text that has these words.
func (p *phrase) worth(text string, said vocabulary) bool {
	for i := range p.groups {
		if !p.groups[i].meets(said) {
			return false
		}
	}
	return p.signs == "" || strings.ContainsAny(text, p.signs)
}

// says makes a phrase; the words of a group stand in one string.
func says(form string, groups ...string) phrase {
	p := phrase{form: regexp.MustCompile(form)}
	for _, group := range groups {
		var words vocabulary
		for _, word := range strings.Fields(group) {
			if _, there := known[word]; !there {
				known[word] = len(known)
			}
			words.add(known[word])
		}
		p.groups = append(p.groups, words)
	}
	return p
}

// saidIn is those of the known words that a text has; a word is a run of letters.
func saidIn(text string) (said vocabulary) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !letter(r) }) {
		if number, ok := known[word]; ok {
			said.add(number)
		}
	}
	return said
}

func letter(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r)
}

// The words that a model is called by.
const models = "ai ais llm llms language chatbot chatbots automated"

// phrases is what a text of insurance has no reason to say. All are of small
// letters with single blanks, as fold leaves them.
var phrases = []phrase{
	// Taking back what the model was told.
	says(`\b(ignore|disregard|forget|override|bypass|neglect) ((all|any|every|each|of|the|your|my|these|those|other|and|or) ){0,4}`+
		`(previous|prior|preceding|earlier|above|foregoing|former|existing|original|initial|system|safety|developer)( (system|safety|and|or|prior|previous|developer))? `+
		`(instructions?|prompts?|rules|directives?|directions|guidelines|guardrails|commands?|context|messages?|training)\b`,
		"ignore disregard forget override bypass neglect", "instruction instructions prompt prompts rules directive directives direction directions guidelines guardrails command commands context message messages training"),
	says(`\b(ignore|disregard|forget) (everything|anything|all|what) (you (were|have been|are) told|(that (came|was written|stands) )?(above|before this))\b`, "ignore disregard forget", "everything anything all what", "you above before"),
	says(`\b(ignora|ignore|olvida|omite|oubliez|ignorez|vergiss|ignoriere)( todas| todos| toutes| tous| alle| all)?( las| los| les| deine| die| ihre)? `+
		`(instrucciones (anteriores|previas)|instructions (précédentes|ci-dessus)|(bisherigen|vorherigen|obigen) (anweisungen|instruktionen))\b`,
		"ignora ignore olvida omite oubliez ignorez vergiss ignoriere", "instrucciones instructions anweisungen instruktionen"),
	// Giving it another part to play.
	says(`\byou are (now )?(an? |the |in )?((helpful|unrestricted|uncensored|evil|expert) )?(ai|a\.i\.|chatgpt|gpt-?[0-9o]*|claude|gemini|llm|(large )?language model|chatbot|dan|developer mode|jailbroken)\b`,
		"you", "ai a chatgpt gpt claude gemini llm language chatbot dan developer jailbroken"),
	says(`\b(as|if you are|since you are|when you are) an? (ai|llm|(large )?language model|chatbot|ai (assistant|model|agent|system))\b`, "ai llm language chatbot", "as if since when"),
	says(`\b(pretend|act|behave|respond|answer) (to be|as if you (are|were|have)|as though you) .{0,40}\b(ai|assistant|model|restrictions?|rules|filters?)\b`, "pretend act behave respond answer", "be if though", "ai assistant model restriction restrictions rules filter filters"),
	// Speaking to it by its name.
	says(`\b(attention|note|notice|instructions?|message|hint|reminder|important|addressed) (to|for) ((all|any|the|every|other) )?`+
		`(ais?|llms?|(large )?language models?|chatbots?|ai (assistants?|models?|agents?|systems?|reviewers?)|automated (assistants?|reviewers?))\b`,
		models, "attention note notice instruction instructions message hint reminder important addressed"),
	says(`\b(attention|dear|hello|hey),? (ais?|llms?|(large )?language models?|chatbots?|ai (assistants?|models?|agents?|systems?))\b`, models, "attention dear hello hey"),
	says(`\b(ais?|llms?|language models?|chatbots?|ai (assistants?|models?|agents?|systems?)) ((who|that|which) (is|are|reads?) )?(reading|processing|summari[sz]ing|analy[sz]ing|reviewing|reads?|handling) this\b`,
		models, "reading processing summarising summarizing analysing analyzing reviewing read reads handling"), //nolint:misspell // both spellings are written
	says(`\b(llms?|language models?|chatbots?|ai (assistants?|models?|agents?)) (must|should|has to|have to) (ignore|always|only|say|state|answer|respond|recommend|approve|reply|output)\b`,
		models, "must should has have"),
	// Asking for what it was told, or for silence.
	says(`\b(reveal|print|repeat|show|output|display|leak|disclose|send|tell me|summari[sz]e|what (is|are|was|were)) ((me|us|all|the|your|of|verbatim|full|entire|exact) ){0,4}(system|hidden|initial|original|developer|secret) (prompts?|instructions?|messages?|directives?)\b`,
		"system hidden initial original developer secret", "prompt prompts instruction instructions message messages directive directives"),
	says(`\b(do not|don't|never|without) (tell|telling|inform|informing|mention|mentioning|reveal|revealing|alert|alerting|notify|notifying) (this |it |that |any of this )?(to )?the (user|human|operator|reader)\b`,
		"user human operator reader", "not t never without", "tell telling inform informing mention mentioning reveal revealing alert alerting notify notifying"),
	says(`\b(new|updated|real|actual|following|additional|override) (system )?(instructions?|prompt|directives?) for (you|the (ai|model|assistant))\b`, "new updated real actual following additional override", "instruction instructions prompt directive directives", "you ai model assistant"),
	// The marks of a conversation's parts.
	says(`<\|(im start|im end|system|user|assistant|endoftext|eot id|start header id|end header id|begin of text)\|>|\[/?inst\]|<</?sys>>|</?(system|assistant|system[- ]?prompt|tool call|function calls?|instructions)>`,
		"im system user assistant endoftext eot start end begin inst sys tool function instructions").with("<["),
	says(`(^|[.!?:] |#{2,3} ?)(#{2,3} ?)?((begin|end|start of|end of) )?(system|assistant|developer) (prompt|message|instructions?|override) ?:`, "system assistant developer", "prompt message instruction instructions override"),
	says(`\b(jailbreak|prompt injection|developer mode enabled|do anything now)\b`, "jailbreak injection developer anything"),
}
