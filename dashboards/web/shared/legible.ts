// How large letters must be to be read from where people sit.

/** The angle under which a capital letter is read without effort, in minutes of arc (ISO 9241-303). */
export const arcMinutes = 20;
/** The height of a capital of Be Vietnam Pro as a part of its font size. */
export const capital = 0.7;

/** The font size in pixels whose capitals are seen under arcMinutes: distance and panel in metres, panel being so many pixels wide. */
export function readable(distance: number, panel: number, pixels: number): number {
  const height = 2 * distance * Math.tan(((arcMinutes / 60) * Math.PI) / 360);
  return ((height / panel) * pixels) / capital;
}

/** How much a page has room for: the fewer letters fit, the fewer things are shown. */
export type Room = "ample" | "some" | "little";

/** @param columns how many rem the page is wide */
export function room(columns: number): Room {
  return columns >= 96 ? "ample" : columns >= 62 ? "some" : "little";
}
