#include "tests/fuzz/samples.hpp"

namespace fuzz {

using namespace gms::model;

Member sample_member() {
  return {{NodeId(1), Incarnation(11)}, "n1", "127.0.0.1:7501", "127.0.0.1:7401"};
}

PlacedView sample_view() {
  View view;
  view.seq = ViewSeq(5);
  view.members = {sample_member(), {{NodeId(2), Incarnation(12)}, "n2", "127.0.0.1:7502", ""}};
  view.up = {sample_member().id};
  view.cause = ViewCause::down;
  view.subject = view.members.back().id;
  return {view, {Epoch(2), Index(30)}};
}

Mark sample_mark() {
  Mark mark;
  mark.head = {{Epoch(2), Index(33)}, EntryHash(44), GroupClock(55)};
  mark.view = sample_view();
  mark.rows = {{sample_member().id, BootSeq(2), MulticastSeq(3)}};
  return mark;
}

}  // namespace fuzz
