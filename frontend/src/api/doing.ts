// Something done at the server: what went wrong is told, what went well is said, and what it changed is asked for again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useMessages } from "./messages";

interface Manner<Output> {
  readonly said?: string;
  /** First words of the query keys that are no longer true. */
  readonly changes?: readonly string[];
  readonly then?: (output: Output) => void;
  /** Where the form itself shows what went wrong. */
  readonly silent?: boolean;
}

export function useDoing<Input, Output>(work: (input: Input) => Promise<Output>, { said, changes = [], then, silent }: Manner<Output> = {}) {
  const { message } = App.useApp();
  const messages = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: (output) => {
      if (said) void message.success(said);
      then?.(output);
    },
    onError: silent ? undefined : messages.tell,
    onSettled: () => Promise.all(changes.map((first) => queries.invalidateQueries({ queryKey: [first] }))),
  });
}
