// A mutation that shows its error or success message and invalidates the queries it changed.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useErrorMessages } from "./useErrorMessages";

interface ActionOptions<Output> {
  readonly successMessage?: string;
  /** First elements of the query keys to invalidate. */
  readonly invalidates?: readonly string[];
  readonly onDone?: (output: Output) => void;
  /** The form shows the error itself. */
  readonly silent?: boolean;
}

export function useAction<Input, Output>(
  action: (input: Input) => Promise<Output>,
  { successMessage, invalidates = [], onDone, silent }: ActionOptions<Output> = {},
) {
  const { message } = App.useApp();
  const messages = useErrorMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: action,
    onSuccess: (output) => {
      if (successMessage) void message.success(successMessage);
      onDone?.(output);
    },
    onError: silent ? undefined : messages.show,
    onSettled: () => Promise.all(invalidates.map((first) => queries.invalidateQueries({ queryKey: [first] }))),
  });
}
