package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// watchMemory follows what a process has resident. The function that it returns
// ends that and gives the highest that was seen, MiB; 0 where the system does not
// tell. What the kernel notes of a process that ended will not do: it begins with
// what its parent had.
func watchMemory(pid int) (peakMiB func() float64) {
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		highest := 0.0
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			highest = max(highest, residentPeak(pid))
			select {
			case <-tick.C:
			case <-stop:
				peak <- highest
				return
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-peak
	}
}

// residentPeak reads the highest that a running process had resident so far, MiB, and
// resident what it has now.
func residentPeak(pid int) float64 { return statusMiB(pid, "VmHWM:") }
func resident(pid int) float64     { return statusMiB(pid, "VmRSS:") }

func statusMiB(pid int, name string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			kib, _, _ := strings.Cut(strings.TrimSpace(string(rest)), " ")
			n, _ := strconv.ParseFloat(kib, 64)
			return n / 1024
		}
	}
	return 0
}

// tick is the unit in which every Linux that Go runs on tells processor time.
const tick = time.Second / 100

// cpuTime reads how much processor time a running process used; 0 where the
// system does not tell.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The program's name, in parentheses, may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// idleTime reads how long the machine's processors stood idle since it started,
// all together; 0 where the system does not tell.
func idleTime() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := strings.Fields(string(line)) // cpu user nice system idle iowait …
	if len(fields) < 6 {
		return 0
	}
	idle, _ := strconv.ParseInt(fields[4], 10, 64)
	waiting, _ := strconv.ParseInt(fields[5], 10, 64)
	return time.Duration(idle+waiting) * tick
}
