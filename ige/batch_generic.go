package ige

import "math/bits"

// expandLanesGeneric expands the keys of the lanes whose bits are set.
func expandLanesGeneric(l *lanes, fresh uint) {
	var enc, dec schedule
	for ; fresh != 0; fresh &= fresh - 1 {
		j := bits.TrailingZeros(fresh)
		key := l.ms[l.work[j].message].Key[:]
		xk := &enc
		if l.decrypting {
			expandGeneric(&enc, &dec, key)
			xk = &dec
		} else {
			expandEncGeneric(&enc, key)
		}
		for r := range maxRounds + 1 {
			copy(l.roundKey(r, j)[:], xk[r*BlockSize:])
		}
	}
	clear(enc[:])
	clear(dec[:])
}

// cryptLanesGeneric takes the first lanes, at most slicedLanes, through n blocks.
func cryptLanesGeneric(l *lanes, live, n int) {
	var xk [slicedLanes]schedule
	var iv [slicedLanes][IVSize]byte
	var jobs [slicedLanes]lane
	for j := range live {
		for r := range maxRounds + 1 {
			copy(xk[j][r*BlockSize:], l.roundKey(r, j)[:])
		}
		l.copyIV(&iv[j], j)
		dst, src := l.rest(j)
		jobs[j] = lane{&xk[j], &iv[j], dst, src[:n*BlockSize]}
	}
	if l.decrypting {
		decryptLanesGeneric(maxRounds, jobs[:live])
	} else {
		encryptLanesGeneric(maxRounds, jobs[:live])
	}
	for j := range live {
		l.setIV(j, &iv[j])
	}
	clear(xk[:])
	clear(iv[:])
}
