// Sends the token once, in a header; the answer sets a cookie that no script can read.

const form = document.getElementById("login");
const token = document.getElementById("token");
const refused = document.getElementById("refused");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  refused.textContent = "";
  try {
    const response = await fetch("./", { headers: { Authorization: `Bearer ${token.value.trim()}` }, cache: "no-store" });
    if (response.ok) {
      location.reload();
      return;
    }
    refused.textContent = response.status === 401 ? "That is not the token." : `The server answered ${response.status}.`;
  } catch {
    refused.textContent = "The token has characters that no token has, or the server does not answer.";
  }
  token.select();
});
