package prove

// unproven has the kernels that are not proven, and why.
var unproven = map[string]string{}

func init() {
	for _, k := range []string{"Mul", "Square", "Reduce", "Mul1024", "Square1024", "Reduce1024", "MulIFMA", "SquareIFMA", "MulPairIFMA", "SquarePairIFMA"} {
		unproven["bigdh."+k] = "arithmetic of large numbers, which terms of bytes do not express"
	}
}
