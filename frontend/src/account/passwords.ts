// A password that is typed twice is the same twice.
import type { FormInstance, FormRule } from "antd";

export function samePassword(first: string, otherwise: string): FormRule {
  return ({ getFieldValue }: Pick<FormInstance<Record<string, unknown>>, "getFieldValue">) => ({
    validator: (_, again) => (again === getFieldValue(first) ? Promise.resolve() : Promise.reject(new Error(otherwise))),
  });
}
