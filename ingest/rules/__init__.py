"""What content must fulfil. `registry` names all rules, `waivers` excepts lines, the rest are the rules by subject."""
