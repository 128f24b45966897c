#include <iostream>

#include "gms/model/entry_run.hpp"
#include "gms/model/view.hpp"

// Uses what the installed library compiled, headers and checksum library included.
int main() {
  gms::model::EntryRunBuilder builder;
  builder.append(gms::model::EntryKind::command, {gms::model::as_bytes("hello")});
  const auto run = builder.seal({}, gms::model::Epoch(1), gms::model::GroupClock(1));
  const auto parsed = gms::model::EntryRun::parse(run.encoded());
  if (!parsed || parsed->last_index() != gms::model::Index(1)) return 1;
  std::cout << "consumer: " << to_string(parsed->head().position) << '\n';
  return 0;
}
