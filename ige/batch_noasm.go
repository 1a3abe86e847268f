//go:build !(amd64 || arm64) || !gc || purego

package ige

func batchWidth() int { return slicedLanes }

// worthBatching: neither crypto/aes nor the kernels for 32-bit ARM have a use for batches.
func worthBatching(s sizes) bool { return s.count > 1 && !useArmv8 && !useStdAES }

func (s *sizes) tiny(bool) bool { return false }

func (m *Message) short() bool { return false }

func (m *Message) encryptShort() { panic("ige: internal error: no kernels") }

func (m *Message) decryptShort() { panic("ige: internal error: no kernels") }

func kernelWidth(live int) int { return live }

func expandLanes(l *lanes, fresh uint) { expandLanesGeneric(l, fresh) }

func runLanes(l *lanes, live, n int) { cryptLanesGeneric(l, live, n) }

func (t *team) crypt([]Message, bool) { panic("ige: internal error: no kernels") }
