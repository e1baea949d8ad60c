// Minutes as a tree for the mind map: the title, the parts, their statements, each with the evidence it leads to.
import type { Part } from "../templates/parts";
import type { Minutes } from "./MinutesText";

export interface MapNode {
  readonly id: string;
  readonly topic: string;
  readonly children: readonly MapNode[];
  /** The id of a segment; null where there is nothing to jump to. */
  readonly evidence: string | null;
}

/** Characters of a statement in the map; the whole is in the minutes. */
const LONGEST = 60;

/** `nameOf` writes the name of a part, `speakerOf` that of a speaker, `saying` finds the first place of a keyword. */
export function mindMapTree(
  content: Minutes["content"],
  parts: readonly Part[],
  words: {
    title: string;
    nameOf: (part: Part) => string;
    speakerOf: (id: string) => string | null;
    saying: (word: string) => string | null;
  },
): MapNode {
  let count = 0;
  const node = (topic: string, evidence: readonly string[] = [], children: readonly MapNode[] = []): MapNode => ({
    id: `node${(count += 1)}`,
    topic: topic.length > LONGEST ? `${topic.slice(0, LONGEST)}…` : topic,
    evidence: evidence[0] ?? null,
    children,
  });
  const nodesOf = (part: Part): MapNode[] => {
    switch (part) {
      case "headline":
        return content.headline ? [node(content.headline.text, content.headline.evidence)] : [];
      case "actions":
        return content.actions.map((one) => node([one.who, one.text].filter(Boolean).join(" · "), one.evidence));
      case "speakers":
        return content.speakers.map((one) =>
          node(`${words.speakerOf(one.speaker) ?? one.name} · ${one.text}`, one.evidence),
        );
      case "topics":
        return content.topics.map((topic) =>
          node(
            topic.title,
            topic.evidence,
            (topic.points ?? []).map((one) => node(one.text, one.evidence)),
          ),
        );
      case "keywords":
        return content.keywords.map((word) =>
          node(
            word,
            [words.saying(word)].filter((id) => id !== null),
          ),
        );
      case "overview":
      case "decisions":
      case "questions":
        return content[part].map((one) => node(one.text, one.evidence));
    }
  };
  const branches = parts.map((part) => [part, nodesOf(part)] as const).filter(([, children]) => children.length > 0);
  return node(
    content.title || words.title,
    [],
    branches.map(([part, children]) => node(words.nameOf(part), [], children)),
  );
}
