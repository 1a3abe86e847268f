// Package registers calls assembly functions and reads back what they leave in registers, before
// any other code has used these. It has tests only.
package registers
