package verifier

// In tests a buffer that is given back holds nothing that could be read on.
func init() {
	spoil = func(b []byte) {
		for i := range b {
			b[i] = '!'
		}
	}
}
