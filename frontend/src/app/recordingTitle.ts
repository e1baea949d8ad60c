// The name of a recording as people read it: without the ending of the file it was uploaded as.

/** Endings of the formats that the server takes; others, as in "Minutes v1.2", belong to the name. */
const ENDING = new RegExp(
  `\\.(${[
    "3g2|3gp|aac|ac3|aif|aiff|amr|ape|asf|au|aud|avi|caf|dss|flac|flv|m2ts|m4a|m4b|m4v|mka|mkv|mov|mp2|mp3|mp4",
    "mpeg|mpg|mts|oga|ogg|ogv|opus|silk|slk|ts|tta|vob|w64|wav|webm|wma|wmv|wv",
  ].join("|")})$`,
  "i",
);

export function titleOf(name: string): string {
  return name.replace(ENDING, "").trim() || name;
}
