#include "tests/torture/expected_ends.hpp"

namespace tests::torture {

ExpectedEnds::Work::Work(ExpectedEnds& ends, const std::string& name) : ends_(ends), name_(name) {
  const std::lock_guard held(ends_.lock_);
  Member& member = ends_.members_[name_];
  begun_ = ++member.begun;
  ++member.under_way;
}

ExpectedEnds::Work::~Work() {
  const std::lock_guard held(ends_.lock_);
  --ends_.members_[name_].under_way;
}

void ExpectedEnds::Work::revived() {
  const std::lock_guard held(ends_.lock_);
  Member& member = ends_.members_[name_];
  if (member.begun == begun_) member.may_have_ended = false;
}

void ExpectedEnds::expect(const std::string& name) {
  const std::lock_guard held(lock_);
  members_[name].may_have_ended = true;
}

void ExpectedEnds::take_back(const std::string& name) {
  const std::lock_guard held(lock_);
  members_[name].may_have_ended = false;
}

bool ExpectedEnds::may_have_ended(const std::string& name) const {
  const std::lock_guard held(lock_);
  const auto found = members_.find(name);
  return found != members_.end() && (found->second.may_have_ended || found->second.under_way > 0);
}

unsigned long ExpectedEnds::begun(const std::string& name) const {
  const std::lock_guard held(lock_);
  const auto found = members_.find(name);
  return found == members_.end() ? 0 : found->second.begun;
}

}  // namespace tests::torture
