//go:build !amd64 || !gc || purego

package bigdh

// What there is of the IFMA backend where it does not exist, for those who ask whether
// it does.

const useIFMA = false

type ifmaConstants struct{}

func (*ifmaConstants) set(*nat) {}

func mulIFMA(*modulus, *elem, *elem, *elem) { panic(noIFMA) }

func squareIFMA(*modulus, *elem, *elem, int) { panic(noIFMA) }

func selectIFMA(*elem, []elem, int) { panic(noIFMA) }

func enterIFMA(*modulus, *elem, *nat) { panic(noIFMA) }

func leaveIFMA(*modulus, *nat, *elem) { panic(noIFMA) }

func exp8IFMA(*[lanes]power) { panic(noIFMA) }

func selfTest8(*modulus, *nat, *nat, *nat) bool { panic(noIFMA) }

const noIFMA = "bigdh: internal error: no IFMA"
