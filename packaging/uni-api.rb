# Homebrew's formula. `packaging/release.py` fills in what stands between @; a tap holds the result as Formula/uni-api.rb.
class UniApi < Formula
  desc "One address in front of every LLM provider you have keys for"
  homepage "@HOMEPAGE@"
  url "@HOMEPAGE@/releases/download/v@VERSION@/uni-api.pyz"
  sha256 "@SHA256@"
  license "Apache-2.0"

  depends_on "python@3.13"

  def install
    libexec.install "uni-api.pyz"
    (bin/"uni-api").write <<~SH
      #!/bin/sh
      exec "#{formula_opt_bin}/python3.13" "#{libexec}/uni-api.pyz" "$@"
    SH
  end

  def formula_opt_bin
    Formula["python@3.13"].opt_bin
  end

  service do
    run [opt_bin/"uni-api", "--host", "127.0.0.1"]
    working_dir var/"uni-api"
    keep_alive true
    log_path var/"log/uni-api.log"
    error_log_path var/"log/uni-api.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/uni-api --version")
  end
end
