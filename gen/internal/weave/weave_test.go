package weave

import (
	"strings"
	"testing"
)

func TestEvenly(t *testing.T) {
	for _, test := range []struct{ lists, want string }{
		{"", ""},
		{"abc", "abc"},
		{"abc ABC", "aAbBcC"},
		{"abcdef AB", "abAcdeBf"},
		{"AB abcdef", "aAbcdBef"},
		{"abcd ABCD 12", "aA1bBcC2dD"},
		{"ab  AB", "aAbB"},
	} {
		var got strings.Builder
		var lists [][]func()
		for _, letters := range strings.Split(test.lists, " ") {
			var list []func()
			for _, letter := range letters {
				list = append(list, func() { got.WriteRune(letter) })
			}
			lists = append(lists, list)
		}
		Evenly(lists...)
		if got := got.String(); got != test.want {
			t.Errorf("%q: got %q, want %q", test.lists, got, test.want)
		}
	}
}
