package mirror

import "os"

// lock keeps other processes out of the directory until unlock is called: a file
// that is open cannot be removed.
func lock(path string) (unlock func(), err error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, ErrBusy
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, ErrBusy
	}
	return func() { f.Close() }, nil
}
