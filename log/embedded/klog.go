package embedded

import (
	"context"
	"log/slog"
	"sync"

	"k8s.io/klog/v2"
)

// bridgeKlog sends what tessera writes through klog to slog.Default, instead
// of to standard error. klog has one logger per process, so this is done once,
// and not with the logger of a Config. Its warnings arrive as information:
// klog tells a logger only errors apart.
//
// klog can also end the process. Tessera has it do so in two places, when a
// metric can't be registered and in its command line tools: not for anything
// that happens to a log.
var bridgeKlog = sync.OnceFunc(func() {
	klog.SetSlogLogger(slog.New(klogHandler{}))
})

// klogHandler passes records on to whatever slog.Default is at the time, and
// says that they are tessera's.
type klogHandler struct {
	with []func(slog.Handler) slog.Handler
}

func (h klogHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return slog.Default().Handler().Enabled(ctx, l)
}

func (h klogHandler) Handle(ctx context.Context, r slog.Record) error {
	to := slog.Default().Handler().WithAttrs([]slog.Attr{slog.String("component", "tessera")})
	for _, with := range h.with {
		to = with(to)
	}
	return to.Handle(ctx, r)
}

func (h klogHandler) and(with func(slog.Handler) slog.Handler) slog.Handler {
	// A copy with no room to spare: handlers made from this one share none.
	return klogHandler{append(h.with[:len(h.with):len(h.with)], with)}
}

func (h klogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h klogHandler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}
