// SPDX-License-Identifier: Apache-2.0
// The only file that includes yaml-cpp. Its event interface is used, not its documents: events don't expand aliases, so
// every limit is ours, and each value keeps its line.
#include "control/config_yaml.h"

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"
#include "base/utf8.h"

namespace weft {
namespace {

struct Weight {
  size_t nodes = 1;
  size_t bytes = 0;
};

Weight weigh(const ConfigNode& node) {
  Weight sum{1, node.text.size()};
  const auto add = [&](const ConfigNode& part) {
    const Weight w = weigh(part);
    sum.nodes += w.nodes;
    sum.bytes += w.bytes;
  };
  for (const ConfigNode& item : node.items) add(item);
  for (const ConfigEntry& entry : node.entries) {
    add(entry.value);
    sum.bytes += entry.key.size();
  }
  return sum;
}

// Builds the tree of the first document. After a limit is passed it ignores what comes (stopped()).
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  [[nodiscard]] std::optional<ConfigNode> take() { return stopped_ ? std::nullopt : std::move(root_); }

  [[nodiscard]] bool stopped() const { return stopped_; }

  void OnDocumentStart(const YAML::Mark&) override {}

  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark&, const std::string&) override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!admit(mark, {})) return;
    ConfigNode node;
    node.place = place(mark);
    finish(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    if (!admit(mark, tag) || !spend(mark, {1, value.size()})) return;
    ConfigNode node;
    node.kind = ConfigNode::Kind::kScalar;
    node.place = place(mark);
    node.text = value;
    node.quoted = tag != "?";
    const bool word_for_nothing =
        value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL";
    if (!node.quoted && word_for_nothing) node.kind = ConfigNode::Kind::kNull;
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!admit(mark, {})) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problems_.add(place(mark), "an alias inside of what it stands for, expected an alias of something complete");
      return stop();
    }
    if (!spend(mark, weigh(found->second))) return;
    finish(found->second, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::kSequence);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::kMapping);
  }

  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    ConfigNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // of a mapping: a key stands and waits for its value
    ConfigEntry entry;
  };

  [[nodiscard]] ConfigPlace place(const YAML::Mark& mark) const {
    return {file_, mark.line < 0 ? 1 : static_cast<size_t>(mark.line) + 1};
  }

  void stop() { stopped_ = true; }

  bool admit(const YAML::Mark& mark, const std::string& tag) {
    if (stopped_) return false;
    const bool plain = tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!plain) problems_.add(place(mark), cat("a tag ", tag, ", expected a value without a tag"));
    return true;
  }

  bool spend(const YAML::Mark& mark, Weight weight) {
    spent_.nodes += weight.nodes;
    spent_.bytes += weight.bytes;
    if (spent_.nodes <= kConfigNodesMax && spent_.bytes <= kConfigTextMax) return true;
    problems_.add(place(mark),
                  cat("the file grows too large here, expected at most ",
                      kConfigNodesMax,
                      " values and ",
                      kConfigTextMax >> 20,
                      " MiB after aliases are expanded"));
    stop();
    return false;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Kind kind) {
    if (!admit(mark, tag) || !spend(mark, {})) return;
    if (frames_.size() >= kConfigDepthMax) {
      problems_.add(place(mark), cat("nested too deeply, expected at most ", kConfigDepthMax, " levels"));
      return stop();
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place(mark);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    if (stopped_) return;
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    finish(std::move(frame.node), frame.anchor);
  }

  // A complete value goes to its place: the root, a list, or a mapping's key or value.
  void finish(ConfigNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == ConfigNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      frame.has_key = true;
      if (node.kind != ConfigNode::Kind::kScalar)
        problems_.add(node.place, "a key that is no word, expected a key such as 'from'");
      frame.entry.key = std::move(node.text);
      frame.entry.place = node.place;
    } else {
      frame.has_key = false;
      if (node.kind == ConfigNode::Kind::kNull)
        node.place = frame.entry.place;  // else it is where the next thing begins
      frame.entry.value = std::move(node);
      add_entry(frame);
    }
  }

  void add_entry(Frame& frame) {
    const auto same = std::ranges::find(frame.node.entries, frame.entry.key, &ConfigEntry::key);
    if (same != frame.node.entries.end()) {
      problems_.add(frame.entry.place,
                    cat("key '",
                        frame.entry.key,
                        "' is given twice, expected it once: it stands in line ",
                        same->place.line,
                        " already"));
      return;
    }
    frame.node.entries.push_back(std::move(frame.entry));
  }

  const std::string& file_;
  Problems& problems_;
  std::optional<ConfigNode> root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
  Weight spent_{0, 0};
  bool stopped_ = false;
};

// Control characters other than tab and line ends.
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

bool readable_text(const std::string& file, std::string_view text, Problems& problems) {
  if (text.size() > kConfigBytesMax) {
    problems.add({file, 0}, cat("the file has ", text.size(), " bytes, expected at most ", kConfigBytesMax));
    return false;
  }
  size_t line = 1;
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text.substr(i));
    if (length == 0 || is_control(text[i])) {
      problems.add({file, line},
                   cat("byte ",
                       static_cast<unsigned>(static_cast<unsigned char>(text[i])),
                       " is not text, expected YAML in UTF-8"));
      return false;
    }
    if (text[i] == '\n') ++line;
    i += length;
  }
  return true;
}

}  // namespace

std::optional<ConfigNode> read_yaml(const std::string& file, std::string_view text, Problems& problems) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (!readable_text(file, text, problems)) return std::nullopt;
  TreeBuilder builder(file, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    const bool any = parser.HandleNextDocument(builder);
    std::optional<ConfigNode> root = builder.take();
    if (builder.stopped()) return std::nullopt;
    if (!any || !root || root->kind == ConfigNode::Kind::kNull) {
      problems.add({file, 0}, "the file is empty, expected a pipeline: from: {url: ...} and to: {url: ...}");
      return std::nullopt;
    }
    TreeBuilder second(file, problems);
    if (parser.HandleNextDocument(second)) {
      problems.add({file, 0}, "the file holds several documents, expected one: remove the lines '---'");
    }
    return root;
  } catch (const YAML::Exception& e) {
    problems.add({file, e.mark.line < 0 ? 0 : static_cast<size_t>(e.mark.line) + 1},
                 cat("not YAML: ", e.msg, ", expected key: value lines"));
  } catch (const std::exception& e) {
    problems.add({file, 0}, cat("not YAML: ", e.what()));
  }
  return std::nullopt;
}

std::string yaml_text(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+";
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/";
  const bool word = text == "true" || text == "false" || text == "null" || text == "Null" || text == "NULL";
  const bool plain = !text.empty() && !word && text.find_first_not_of(kPlain) == std::string::npos &&
                     kLetters.find(text[0]) != std::string_view::npos && text.back() != ':';
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() == 1 ? "" : ", ") + yaml_text(text);
  return out + "]";
}

}  // namespace weft
