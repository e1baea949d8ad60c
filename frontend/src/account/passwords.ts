// The form rule for repeating a password.
import type { FormInstance, FormRule } from "antd";

export function samePassword(first: string, message: string): FormRule {
  return ({ getFieldValue }: Pick<FormInstance<Record<string, unknown>>, "getFieldValue">) => ({
    validator: (_, again) => (again === getFieldValue(first) ? Promise.resolve() : Promise.reject(new Error(message))),
  });
}
