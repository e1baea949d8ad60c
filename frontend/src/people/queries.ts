// Queries for people and for who the speakers of a recording may be.
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../api/client";

export type Person = Schemas["PersonOut"];
export type Clip = Schemas["Clip"];

export function people() {
  return queryOptions({ queryKey: ["people"], queryFn: () => unwrap(api.GET("/api/people")) });
}

export function likelyPeople(recordingId: string) {
  return queryOptions({
    queryKey: ["likely-people", recordingId],
    queryFn: () =>
      unwrap(api.GET("/api/recordings/{recording_id}/people", { params: { path: { recording_id: recordingId } } })),
  });
}

export function samplesOf(person: string) {
  return queryOptions({
    queryKey: ["people", person, "samples"],
    queryFn: () => unwrap(api.GET("/api/people/{person_id}/samples", { params: { path: { person_id: person } } })),
  });
}
