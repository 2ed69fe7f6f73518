// SPDX-License-Identifier: Apache-2.0
// What the official schema of CycloneDX 1.6 finds wrong with the document on standard input: a JSON array, empty if nothing is.
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { readFileSync } from 'node:fs';

const found = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(readFileSync(0, 'utf8'));
console.log(JSON.stringify(found ?? []));
