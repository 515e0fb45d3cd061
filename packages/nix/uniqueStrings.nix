# uniqueStrings : [ string ] -> [ string ]. Keeps the first of equals, in order.
import ./unique.nix (string: string)
