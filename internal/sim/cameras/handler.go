package cameras

import (
	"log/slog"
	"strings"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// A handler answers the viewers of all cameras.
type handler struct {
	server  *gortsplib.Server
	cameras []*camera
	log     *slog.Logger
}

// OnDescribe tells what a camera sends.
func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return h.find(ctx.Conn, ctx.Request, ctx.Path)
}

// OnSetup prepares a camera to send.
func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return h.find(ctx.Conn, ctx.Request, ctx.Path)
}

// OnPlay has a camera send.
func (h *handler) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnStreamWriteError hears that a viewer takes too long; what it does not take
// is lost to it alone.
func (h *handler) OnStreamWriteError(ctx *gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	h.log.Debug("a viewer of a simulated camera does not keep up", "path", ctx.Session.Path(), "err", ctx.Error)
}

// find returns the stream that a request is about, or the answer that refuses.
func (h *handler) find(conn *gortsplib.ServerConn, req *base.Request, path string) (*base.Response, *gortsplib.ServerStream, error) {
	id := strings.Trim(path, "/")
	for _, c := range h.cameras {
		if c.id != id {
			continue
		}
		if Guarded(id) && !conn.VerifyCredentials(req, User, Password) {
			return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
		}
		stream := c.current()
		if stream == nil {
			// What a recorder says whose camera does not answer.
			return &base.Response{StatusCode: base.StatusGatewayTimeout}, nil, nil
		}
		return &base.Response{StatusCode: base.StatusOK}, stream, nil
	}
	return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
}
