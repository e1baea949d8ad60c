// The sign-in methods: password, two-factor authentication, Google.

import { GoogleCard } from "./GoogleCard";
import { PasswordCard } from "./PasswordCard";
import { TwoFactorCard } from "./TwoFactorCard";

export function SecuritySection() {
  return (
    <>
      <PasswordCard />
      <TwoFactorCard />
      <GoogleCard />
    </>
  );
}
