package daemon

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// ReadClock reads a simulated clock: a file of one line, YYYY-MM-DDThh:mm:ssZ
// (protocol section 7, Simulated time).
func ReadClock(path string) (time.Time, error) {
	b, err := commandline.ReadFile(path, 100)
	if err != nil {
		return time.Time{}, fmt.Errorf("read simulated clock: %w", commandline.PlainError(err))
	}
	unix, err := entry.ParseTime(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return time.Time{}, fmt.Errorf("read simulated clock %s: it is not one line YYYY-MM-DDThh:mm:ssZ", path)
	}
	return time.Unix(unix, 0), nil
}

// Clock returns a server's clock. A simulated one is read at each use; while it
// can't be read, time stands still.
func Clock(simulated string, logger *slog.Logger) (func() time.Time, error) {
	if simulated == "" {
		return time.Now, nil
	}
	first, err := ReadClock(simulated)
	if err != nil {
		return nil, err
	}
	var last atomic.Pointer[time.Time]
	var failed atomic.Bool
	last.Store(&first)
	return func() time.Time {
		t, err := ReadClock(simulated)
		if err != nil {
			if !failed.Swap(true) {
				logger.Error("simulated time stands still", "error", err.Error())
			}
			return *last.Load()
		}
		failed.Store(false)
		last.Store(&t)
		return t
	}, nil
}
