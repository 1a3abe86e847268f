// Package difftest has only tests, which compare the drop-in of directory
// compat/gotdige with the github.com/gotd/ige that it stands in for.
package difftest
