// <camera-tile> among the wall's components.

import type { HTMLAttributes } from "preact";
import { moment } from "../shared/camera/protocol";
import type { CameraStatus } from "../shared/camera/session";
import { CameraTile } from "../shared/camera/tile";
import type { CameraLook, CameraView } from "../shared/cameras";
import type { Word } from "../shared/words";
import { clock, times } from "./state";

CameraTile.page = { now: () => clock.now(), times: () => times.peek(), base: "api/v1/cameras/" };

interface TileAttributes extends HTMLAttributes<CameraTile> {
  camera: string;
  label?: string;
  note?: string;
  stream?: "main" | "sub";
  still?: boolean;
  status?: CameraStatus | undefined;
}

declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "camera-tile": TileAttributes;
    }
  }
}

export function cameraWord(look: CameraLook): Word {
  return `camera_${look}`;
}

/** What the API and the stream told of a camera, for its tile. */
export function statusOf({ camera, state }: CameraView): CameraStatus | undefined {
  if (!state) return undefined;
  const p = camera.properties;
  const same = p.state === state;
  return { state, since: same ? moment(p.since) : undefined, lastFrame: moment(p.last_frame), detail: same ? p.detail : undefined };
}
