"""An RTSP server made of GStreamer's, as the JSON in the first argument says."""
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

want = json.loads(sys.argv[1])
Gst.init(None)

server = GstRtspServer.RTSPServer()
server.set_address(want["host"])
server.set_service(want["port"])

auth = None
if want.get("user") or want.get("pem"):
    auth = GstRtspServer.RTSPAuth()
if want.get("user"):
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if want.get("basic"):
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(
            GstRtspServer.RTSPAuth.make_basic(want["user"], want["password"]), token
        )
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(want["user"], want["password"], token)
if want.get("pem"):
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(want["pem"], -1))
    if not want.get("user"):
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.set_default_token(token)
if auth:
    server.set_auth(auth)

transports = {
    "": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
}
for path, launch in want["streams"].items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch("( " + launch + " )")
    # Shared, it would begin anew under the other clients when one leaves.
    factory.set_shared(False)
    factory.set_protocols(transports[want.get("transport") or ""])
    if auth:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role("viewer")
        for what in ("access", "construct"):
            permissions.add_permission_for_role("viewer", "media.factory." + what, True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/" + path, factory)

if server.attach(None) == 0:
    sys.exit("cannot listen")
GLib.MainLoop().run()
