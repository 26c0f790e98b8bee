//! From characters to tokens.

use std::fmt;

/// A token and where it begins, in characters from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) column: usize,
    pub(crate) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// A key, a function's name, or one of the words `true`, `false`, `null` and `in`.
    Word(String),
    Text(String),
    Integer(i128),
    Float(f64),
    /// An operator or bracket.
    Symbol(&'static str),
    End,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(formatter, "`{word}`"),
            Self::Text(text) => write!(formatter, "the string {text:?}"),
            Self::Integer(number) => write!(formatter, "the number {number}"),
            Self::Float(number) => write!(formatter, "the number {number}"),
            Self::Symbol(symbol) => write!(formatter, "`{symbol}`"),
            Self::End => formatter.write_str("the end"),
        }
    }
}

/// What cannot be a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LexError {
    pub(crate) column: usize,
    pub(crate) detail: String,
}

/// Longer ones first, where one begins with another.
const SYMBOLS: [&str; 16] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "$"];

/// Splits an expression; the last token is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, LexError> {
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { characters: &characters, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let column = lexer.at + 1;
        let kind = lexer.token()?;
        let done = kind == TokenKind::End;
        tokens.push(Token { column, kind });
        if done {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    characters: &'a [char],
    at: usize,
}

fn begins_word(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn error(&self, at: usize, detail: impl fmt::Display) -> LexError {
        LexError { column: at + 1, detail: detail.to_string() }
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Result<TokenKind, LexError> {
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        if begins_word(first) {
            return Ok(TokenKind::Word(self.take_while(continues_word)));
        }
        if first == '"' || first == '\'' {
            return self.string(first);
        }
        let next_is_digit = self.characters.get(self.at + 1).is_some_and(char::is_ascii_digit);
        if first.is_ascii_digit() || (first == '-' && next_is_digit) {
            return self.number();
        }
        for symbol in SYMBOLS {
            let length = symbol.len();
            let ahead = self.characters.get(self.at..self.at + length);
            if ahead.is_some_and(|ahead| symbol.chars().eq(ahead.iter().copied())) {
                self.at += length;
                return Ok(TokenKind::Symbol(symbol));
            }
        }
        let hint = match first {
            '=' => "; equality is `==`",
            '&' => "; and is `&&`",
            '|' => "; or is `||`",
            _ => "",
        };
        Err(self.error(self.at, format_args!("{first:?} means nothing here{hint}")))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn number(&mut self) -> Result<TokenKind, LexError> {
        let start = self.at;
        self.at += 1;
        let mut previous = ' ';
        while let Some(character) = self.peek() {
            let sign_of_exponent = matches!(character, '+' | '-') && matches!(previous, 'e' | 'E');
            if !(continues_word(character) || character == '.' || sign_of_exponent) {
                break;
            }
            previous = character;
            self.at += 1;
        }
        let text: String = self.characters[start..self.at].iter().collect();
        let kind = if text.contains(['.', 'e', 'E']) {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(TokenKind::Float)
        } else {
            text.parse().ok().map(TokenKind::Integer)
        };
        kind.ok_or_else(|| self.error(start, format_args!("`{text}` is not a number")))
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, LexError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let at = self.at;
            let Some(character) = self.peek() else {
                return Err(self.error(start, "the string that begins here does not end"));
            };
            self.at += 1;
            match character {
                '\\' => text.push(self.escape(at)?),
                _ if character == quote => return Ok(TokenKind::Text(text)),
                _ => text.push(character),
            }
        }
    }

    fn escape(&mut self, at: usize) -> Result<char, LexError> {
        let escaped = self.peek();
        self.at += 1;
        Ok(match escaped {
            Some(same @ ('"' | '\'' | '\\' | '/')) => same,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits: Option<String> =
                    self.characters.get(self.at..self.at + 4).map(|four| four.iter().collect());
                self.at += 4;
                digits
                    .filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()))
                    .and_then(|digits| u32::from_str_radix(&digits, 16).ok())
                    .and_then(char::from_u32)
                    .ok_or_else(|| {
                        self.error(at, "`\\u` takes four hexadecimal digits of a character")
                    })?
            }
            _ => {
                let detail = "known escapes are \\\" \\' \\\\ \\/ \\n \\r \\t and \\uXXXX";
                return Err(self.error(at, detail));
            }
        })
    }
}
