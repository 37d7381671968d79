package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// sentences are what contracts of insurance say around their terms. Each holds
// the topic (%[1]s) and may hold a number of days (%[2]d), a percentage (%[3]d)
// or an amount of dollars (%[4]s).
var sentences = []string{
	"We pay benefits for %[1]s only while this contract is in force and only as far as the schedule allows.",
	"A request that concerns %[1]s must be sent to us in writing within %[2]d days, together with the itemized bill.",
	"The covered person must tell us of any other insurance that applies to %[1]s.",
	"If we ask for more information about %[1]s, we wait %[2]d days for it before we decide.",
	"Charges above the allowed amount for %[1]s are the responsibility of the covered person.",
	"Unless the schedule says otherwise, the share of the covered person for %[1]s is %[3]d%% of the allowed amount.",
	"The most we pay for all claims that concern %[1]s from one event is %[4]s.",
	"A provider who does not take part in our network may bill the balance for %[1]s.",
	"Our medical director may review the records that support %[1]s at any reasonable time.",
	"Nothing in this section on %[1]s extends the limits stated elsewhere in this contract.",
	"We may change the administrative rules for %[1]s after a notice of %[2]d days.",
	"The rules on %[1]s apply to each covered person separately.",
	"Where the law of the state gives broader rights for %[1]s, that law prevails.",
	"An estimate for %[1]s that we give by telephone is not a promise of payment.",
	"We keep the records about %[1]s for as long as the law requires, and show them to you on request.",
	"When two sections speak of %[1]s, the more specific one governs.",
	"Payment for %[1]s is made to the provider unless you show us a receipt.",
	"A decision on %[1]s is made within %[2]d days after a complete request has reached us.",
	"You may name another person to act for you in all matters of %[1]s.",
	"An amount paid by mistake for %[1]s is returned to us within %[2]d days after we ask for it.",
	"Fraud in a claim for %[1]s ends the coverage from the day on which it was committed.",
	"The definitions at the beginning of this contract apply to %[1]s as well.",
}

var shares = []int{10, 15, 20, 25, 30, 35, 40, 50}

// prose is a paragraph of such sentences on a topic. It answers no question of
// the corpus.
func prose(r *rand.Rand, topic string) string {
	order := r.Perm(len(sentences))[:3+r.IntN(4)]
	parts := make([]string, len(order))
	for i, k := range order {
		text := fmt.Sprintf(sentences[k]+"%.0[1]s%.0[2]d%.0[3]d%.0[4]s", topic, 5*(1+r.IntN(24)), shares[r.IntN(len(shares))], dollars(100*(1+r.IntN(400))))
		parts[i] = text
	}
	return strings.Join(parts, " ")
}

// dollars is a whole amount with commas.
func dollars(amount int) string {
	if amount >= 1000 {
		return fmt.Sprintf("$%d,%03d", amount/1000, amount%1000)
	}
	return fmt.Sprintf("$%d", amount)
}
