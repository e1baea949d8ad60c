// Well-known providers and local servers of language models, with the values that their documentation gives.
import type { Endpoint } from "./endpoints";

export interface Preset {
  id: PresetId;
  /** Runs on this machine. */
  local?: boolean;
  url: string;
  /** An example of a model's name. Providers change them, so none is filled in. */
  example: string;
  protocol: Endpoint["protocol"];
  context_tokens: number;
  parameters?: Record<string, unknown>;
}

type PresetId =
  | "deepseek"
  | "dashscope"
  | "kimi"
  | "zhipu"
  | "ark"
  | "openai"
  | "claude"
  | "gemini"
  | "ollama"
  | "lmstudio"
  | "vllm"
  | "llamacpp";

const CLOUD_CONTEXT = 65_536;

export const PRESETS: Preset[] = [
  cloud("deepseek", "https://api.deepseek.com/v1", "deepseek-chat"),
  {
    ...cloud("dashscope", "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-plus"),
    parameters: { enable_thinking: false },
  },
  cloud("kimi", "https://api.moonshot.cn/v1", "kimi-k3"),
  cloud("zhipu", "https://open.bigmodel.cn/api/paas/v4", "glm-4.6"),
  cloud("ark", "https://ark.cn-beijing.volces.com/api/v3", "doubao-… / ep-…"),
  cloud("openai", "https://api.openai.com/v1", "gpt-4.1-mini"),
  { ...cloud("claude", "https://api.anthropic.com/v1", "claude-…"), protocol: "anthropic" },
  cloud("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-flash"),
  { ...local("ollama", "http://127.0.0.1:11434", "qwen3:8b"), protocol: "ollama", context_tokens: 16_384 },
  local("lmstudio", "http://127.0.0.1:1234/v1", "qwen/qwen3-8b"),
  local("vllm", "http://127.0.0.1:8000/v1", "Qwen/Qwen3-8B"),
  local("llamacpp", "http://127.0.0.1:8080/v1", "default"),
];

function cloud(id: PresetId, url: string, example: string): Preset {
  return { id, url, example, protocol: "openai", context_tokens: CLOUD_CONTEXT };
}

function local(id: PresetId, url: string, example: string): Preset {
  return { id, url, example, protocol: "openai", context_tokens: 8192, local: true };
}
