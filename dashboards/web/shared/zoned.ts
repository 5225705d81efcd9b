// Dates and times of day of one time zone, as inputs write them.

/** How far the zone's clock is ahead of UTC at a moment, in ms. */
function ahead(zone: string, ms: number): number {
  const parts: Record<string, string> = {};
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  for (const { type, value } of format.formatToParts(ms)) parts[type] = value;
  const clock = Date.parse(`${parts["year"]}-${parts["month"]}-${parts["day"]}T${parts["hour"]}:${parts["minute"]}:${parts["second"]}Z`);
  return clock - Math.floor(ms / 1000) * 1000;
}

/** The moment at which a clock of the zone shows 2026-11-22 and 14:03:00; NaN where that is none. */
export function momentAt(zone: string, date: string, time = "00:00:00"): number {
  const clock = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}Z`);
  if (Number.isNaN(clock)) return NaN;
  return clock - ahead(zone, clock - ahead(zone, clock));
}

/** 2026-11-22, by the zone's clock. */
export function dateOf(zone: string, ms: number): string {
  return new Date(ms + ahead(zone, ms)).toISOString().slice(0, 10);
}

/** 14:03:22, by the zone's clock. */
export function timeOf(zone: string, ms: number): string {
  return new Date(ms + ahead(zone, ms)).toISOString().slice(11, 19);
}

/** The date so many days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The ISO week that holds a date: 2026-W47. */
export function weekOf(date: string): string {
  const day = Date.parse(`${date}T00:00:00Z`);
  const thursday = new Date(day + (3 - ((new Date(day).getUTCDay() + 6) % 7)) * 86_400_000);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}
