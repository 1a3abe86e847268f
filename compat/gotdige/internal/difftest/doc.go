// Package difftest consists of tests only, which compare the drop-in in directory
// compat/gotdige with the github.com/gotd/ige that it replaces.
package difftest
