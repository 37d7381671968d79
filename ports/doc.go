// Package ports holds the full contracts of what lies outside, a door a file,
// in the words of core. Adapters fill them; portstest holds one conformance
// suite for each that the real adapter and the fake both pass.
//
// Every method returns *core.Error, or an error that wraps the context's own
// when ctx ended. No error carries a body, a name, a key or a text.
package ports
