// Package cpu executes single instructions on the CPU that it runs on, to compare what is said of them with what
// they do. It is for tests.
package cpu
